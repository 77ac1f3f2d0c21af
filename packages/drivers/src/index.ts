export { MemoryAppStore } from './memory/app-store.ts';

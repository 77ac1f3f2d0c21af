export { MemoryAppStore } from './app-store.ts';

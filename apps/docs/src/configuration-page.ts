import { renderReference } from '../../server/src/config/reference.ts';
import { generatedPage } from './markdown.ts';

const INTRODUCTION = `Every key that Sluice knows, with its default and the environment variable and flag that set it. Defaults are
overridden by the file, the file by the environment, the environment by flags. A key or a \`SLUICE_\` variable that nobody knows, or
a value that does not fit, stops the start; all problems are named at once. \`sluice check-config\` says whether a configuration is
valid, \`sluice config print\` shows the one in force and where each value comes from.

A file with the keys that matter in production is [config/sluice/example.yaml](../../../config/sluice/example.yaml).`;

export function configurationPage(): string {
  return generatedPage('Configuration', [INTRODUCTION, renderReference()]);
}

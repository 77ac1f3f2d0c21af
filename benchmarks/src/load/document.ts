import { randomFrom } from './random.ts';

const VERSIONS = 60;
const SECTION_BYTES = 160;
/** Sections that change from one version to the next. */
const EDITS = 3;
const WORDS =
  'the of and delta frame channel server client message value is to with for text part line each new one while open close'.split(
    ' ',
  );

/** A JSON document of about so many bytes, in versions that differ by few edits. The same on every machine. */
export function documentVersions(bytes: number): string[] {
  const random = randomFrom(bytes);
  const sections = Array.from({ length: Math.round(bytes / SECTION_BYTES) }, (_, id) => ({
    id,
    revision: 1,
    text: sentence(random),
  }));
  return Array.from({ length: VERSIONS }, (_, version) => {
    for (let edit = 0; edit < EDITS; edit++) {
      const section = sections[Math.floor(random() * sections.length)];
      if (section === undefined) continue;
      section.revision++;
      const words = section.text.split(' ');
      words[Math.floor(random() * words.length)] = word(random);
      section.text = words.join(' ');
    }
    return JSON.stringify({ title: 'Minutes', version, sections });
  });
}

function sentence(random: () => number): string {
  return Array.from({ length: 20 }, () => word(random)).join(' ');
}

function word(random: () => number): string {
  return WORDS[Math.floor(random() * WORDS.length)] ?? '';
}

/** What nodes tell each other about what they hold; all of it may be lost. */
export type SnapshotNotice =
  /** Send what you hold. */
  | { readonly type: 'snapshot?' }
  /** A piece of the answer, in base64. */
  | {
      readonly type: 'snapshot';
      readonly id: number;
      readonly place: number;
      readonly of: number;
      readonly data: string;
    }
  /** To all: so many changes were told. */
  | { readonly type: 'registry_version'; readonly version: number };

export function isSnapshotNotice(notice: object): notice is SnapshotNotice {
  const { type, id, place, of, data, version } = notice as Readonly<Record<string, unknown>>;
  switch (type) {
    case 'snapshot?':
      return true;
    case 'snapshot':
      return [id, place, of].every(Number.isSafeInteger) && typeof data === 'string';
    case 'registry_version':
      return Number.isSafeInteger(version);
    default:
      return false;
  }
}

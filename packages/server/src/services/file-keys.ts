/** The longest part of a file's name that goes into its key: a directory entry may have 255 bytes. */
const MAX_NAME_IN_KEY = 100;

/**
 * Key of a registered or exported file: `project_p1/2026/11/23/{id}_d.csv`, by the day (UTC) it was registered. The id
 * makes it unique; the name is there for people who look at the disk, so it may be reduced.
 */
export function finalFileKey(projectId: string, fileId: string, name: string, date: Date): string {
  const [year = '', month = '', day = ''] = date.toISOString().slice(0, 10).split('-');
  return `project_${projectId}/${year}/${month}/${day}/${fileId}_${reduceName(name)}`;
}

/**
 * Key of uploaded bytes that wait to be registered. Each attempt has its own, so that a repeated upload never touches
 * what an earlier one acknowledged.
 */
export function stagedFileKey(projectId: string, uploadKey: string, attempt: string, name: string): string {
  return `project_${projectId}/staging/${uploadKey}_${attempt}_${reduceName(name)}`;
}

/** Plain ASCII, and the end rather than the beginning of a long name: the extension says what it is. */
function reduceName(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/gu, '_').slice(-MAX_NAME_IN_KEY);
}

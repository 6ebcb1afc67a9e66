/**
 * Where the parts of one server's data are: of a data folder, or of a backup, which has the form of a data folder with
 * everything at its default place.
 */
export interface StoragePlaces {
  readonly metadataPath: string;
  readonly adminKeyPath: string;
  /** What the PostgreSQL door has made for itself: by its certificate and key its clients know it. In one order everywhere. */
  readonly doorSecretPaths: readonly string[];
  readonly duckdbDirectory: string;
  readonly filesDirectory: string;
  versionsDirectory(projectId: string): string;
  versionPath(projectId: string, fileId: string): string;
  workspacePath(projectId: string, workspaceId: string): string;
  /** Where the file store keeps a key. */
  filePath(key: string): string;
}

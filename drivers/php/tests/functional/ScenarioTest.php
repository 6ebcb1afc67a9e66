<?php

declare(strict_types=1);

namespace Keboola\StorageDriver\DuckDb\FunctionalTests;

use Google\Protobuf\Any;
use Google\Protobuf\Internal\Message;
use GuzzleHttp\Client;
use Keboola\StorageDriver\Command\Backend\InitBackendCommand;
use Keboola\StorageDriver\Command\Backend\InitBackendResponse;
use Keboola\StorageDriver\Command\Backend\RemoveBackendCommand;
use Keboola\StorageDriver\Command\Bucket\CreateBucketCommand;
use Keboola\StorageDriver\Command\Bucket\CreateBucketResponse;
use Keboola\StorageDriver\Command\Bucket\DropBucketCommand;
use Keboola\StorageDriver\Command\Bucket\LinkBucketCommand;
use Keboola\StorageDriver\Command\Bucket\LinkedBucketResponse;
use Keboola\StorageDriver\Command\Bucket\ShareBucketCommand;
use Keboola\StorageDriver\Command\Bucket\ShareBucketResponse;
use Keboola\StorageDriver\Command\Bucket\UnlinkBucketCommand;
use Keboola\StorageDriver\Command\Bucket\UnshareBucketCommand;
use Keboola\StorageDriver\Command\Common\DriverResponse;
use Keboola\StorageDriver\Command\Common\RuntimeOptions;
use Keboola\StorageDriver\Command\ExecuteQuery\ExecuteQueryCommand;
use Keboola\StorageDriver\Command\ExecuteQuery\ExecuteQueryResponse;
use Keboola\StorageDriver\Command\Info\ObjectInfoCommand;
use Keboola\StorageDriver\Command\Info\ObjectInfoResponse;
use Keboola\StorageDriver\Command\Info\ObjectType;
use Keboola\StorageDriver\Command\Project\CreateDevBranchCommand;
use Keboola\StorageDriver\Command\Project\CreateDevBranchResponse;
use Keboola\StorageDriver\Command\Project\CreateProjectCommand;
use Keboola\StorageDriver\Command\Project\CreateProjectResponse;
use Keboola\StorageDriver\Command\Project\DropDevBranchCommand;
use Keboola\StorageDriver\Command\Project\DropProjectCommand;
use Keboola\StorageDriver\Command\Table\AddColumnCommand;
use Keboola\StorageDriver\Command\Table\CreateTableCommand;
use Keboola\StorageDriver\Command\Table\CreateTableFromTimeTravelCommand;
use Keboola\StorageDriver\Command\Table\DropColumnCommand;
use Keboola\StorageDriver\Command\Table\DropTableCommand;
use Keboola\StorageDriver\Command\Table\ImportExportShared\ExportOrderBy;
use Keboola\StorageDriver\Command\Table\ImportExportShared\FilePath;
use Keboola\StorageDriver\Command\Table\ImportExportShared\ImportOptions;
use Keboola\StorageDriver\Command\Table\ImportExportShared\ImportOptions\ImportType;
use Keboola\StorageDriver\Command\Table\ImportExportShared\Table;
use Keboola\StorageDriver\Command\Table\PreviewTableCommand;
use Keboola\StorageDriver\Command\Table\PreviewTableResponse;
use Keboola\StorageDriver\Command\Table\TableColumnShared;
use Keboola\StorageDriver\Command\Table\TableExportToFileCommand;
use Keboola\StorageDriver\Command\Table\TableExportToFileResponse;
use Keboola\StorageDriver\Command\Table\TableImportFromFileCommand;
use Keboola\StorageDriver\Command\Table\TableImportFromFileCommand\CsvTypeOptions;
use Keboola\StorageDriver\Command\Table\TableImportFromTableCommand;
use Keboola\StorageDriver\Command\Table\TableImportResponse;
use Keboola\StorageDriver\Command\Workspace\CreateWorkspaceCommand;
use Keboola\StorageDriver\Command\Workspace\CreateWorkspaceResponse;
use Keboola\StorageDriver\Command\Workspace\DropWorkspaceCommand;
use Keboola\StorageDriver\Command\Workspace\ResetWorkspacePasswordCommand;
use Keboola\StorageDriver\Command\Workspace\ResetWorkspacePasswordResponse;
use Keboola\StorageDriver\Credentials\GenericBackendCredentials;
use Keboola\StorageDriver\DuckDb\DuckdbDriverClient;
use Keboola\StorageDriver\Shared\Driver\Exception\Command\ObjectNotFoundException;
use PHPUnit\Framework\TestCase;
use RuntimeException;

/** What Connection does with a backend from its registration to its end, against a running service: BASE and STORAGE_ADMIN_KEY. */
final class ScenarioTest extends TestCase
{
    private DuckdbDriverClient $client;
    private string $base;
    private string $adminKey;
    private string $key = '';

    protected function setUp(): void
    {
        $this->base = (string) getenv('BASE');
        $this->adminKey = (string) getenv('STORAGE_ADMIN_KEY');
        self::assertNotSame('', $this->base, 'BASE names the service.');
        $this->client = new DuckdbDriverClient($this->base, $this->adminKey);
    }

    /**
     * @template T of Message
     * @param class-string<T> $class
     * @return T
     */
    private function ask(Message $command, string $class, ?string $key = null): Message
    {
        $answer = $this->send($command, $key)->getCommandResponse()?->unpack();
        self::assertInstanceOf($class, $answer);
        return $answer;
    }

    private function send(Message $command, ?string $key = null): DriverResponse
    {
        $credentials = (new GenericBackendCredentials())->setHost('')->setPrincipal('test')->setSecret($key ?? $this->key);
        $response = $this->client->runCommand($credentials, $command, ['storage-branches'], new RuntimeOptions());
        self::assertInstanceOf(DriverResponse::class, $response);
        return $response;
    }

    private function upload(string $projectId, string $content): string
    {
        $http = new Client(['base_uri' => $this->base, 'headers' => ['Authorization' => 'Bearer ' . $this->adminKey]]);
        $json = fn ($response): array => json_decode((string) $response->getBody(), true, 512, JSON_THROW_ON_ERROR);
        $prepared = $json($http->post("/projects/$projectId/files/prepare", ['json' => ['filename' => 'data.csv']]));
        $http->post($prepared['upload_url'], ['multipart' => [['name' => 'file', 'contents' => $content, 'filename' => 'data.csv']]]);
        return $json($http->post("/projects/$projectId/files", ['json' => ['upload_key' => $prepared['upload_key']]]))['id'];
    }

    private function import(string $csv, int $importType, string $path, bool $hasHeader): TableImportResponse
    {
        $format = new Any();
        $format->pack((new CsvTypeOptions())->setColumnsNames(['id', 'name'])->setDelimiter(',')->setEnclosure('"'));
        return $this->ask(
            (new TableImportFromFileCommand())
                ->setFormatTypeOptions($format)
                ->setFilePath((new FilePath())->setRoot('project_71')->setFileName($this->upload('71', $csv)))
                ->setDestination((new Table())->setPath([$path])->setTableName('orders'))
                ->setImportOptions(
                    (new ImportOptions())
                        ->setImportType($importType)
                        ->setNumberOfIgnoredLines($hasHeader ? 1 : 0)
                        ->setDedupColumnsNames(['id'])
                        ->setTimestampColumn('_timestamp'),
                ),
            TableImportResponse::class,
        );
    }

    /** @return array<int, array<int, string>> */
    private function rows(string $path, string $table = 'orders', ?string $key = null): array
    {
        $preview = $this->ask(
            (new PreviewTableCommand())
                ->setPath([$path])
                ->setTableName($table)
                ->setColumns(['id', 'name'])
                ->setOrderBy([(new ExportOrderBy())->setColumnName('id')]),
            PreviewTableResponse::class,
            $key,
        );
        $rows = [];
        foreach ($preview->getRows() as $row) {
            $cells = [];
            foreach ($row->getColumns() as $column) {
                $cells[] = $column->getValue()->getStringValue();
            }
            $rows[] = $cells;
        }
        return $rows;
    }

    /**
     * What `psql` prints for a statement that it runs with the login of a workspace; where the service listens, its REST API says.
     *
     * @return callable(string): string
     */
    private function inWorkspace(CreateWorkspaceResponse $workspace, string $projectId): callable
    {
        $http = new Client(['base_uri' => $this->base, 'headers' => ['Authorization' => 'Bearer ' . $this->adminKey]]);
        $answer = $http->get("/projects/$projectId/workspaces/" . $workspace->getWorkspaceObjectName());
        $shown = json_decode((string) $answer->getBody(), true, 512, JSON_THROW_ON_ERROR)['connection'];
        $environment = [
            'PATH' => (string) getenv('PATH'),
            'PGHOST' => $shown['host'],
            'PGPORT' => (string) $shown['port'],
            'PGDATABASE' => $shown['database'],
            'PGUSER' => $workspace->getWorkspaceUserName(),
            'PGPASSWORD' => $workspace->getWorkspacePassword(),
            'PGCONNECT_TIMEOUT' => '20',
        ];
        return static function (string $statement) use ($environment): string {
            $command = ['psql', '--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--set=ON_ERROR_STOP=1', "--command=$statement"];
            $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['pipe', 'w']], $pipes, null, $environment);
            self::assertIsResource($process);
            [$printed, $errors] = [stream_get_contents($pipes[1]), stream_get_contents($pipes[2])];
            if (proc_close($process) !== 0) {
                throw new RuntimeException((string) $errors);
            }
            return trim((string) $printed);
        };
    }

    private static function column(string $name, string $type, bool $nullable = true): TableColumnShared
    {
        return (new TableColumnShared())->setName($name)->setType($type)->setNullable($nullable);
    }

    public function testFromTheBackendToItsEnd(): void
    {
        $this->ask(new InitBackendCommand(), InitBackendResponse::class, '');
        $project = $this->ask((new CreateProjectCommand())->setProjectId('71'), CreateProjectResponse::class, '');
        $other = $this->ask((new CreateProjectCommand())->setProjectId('72'), CreateProjectResponse::class, '');
        $this->key = $project->getProjectPassword();

        $bucket = $this->ask((new CreateBucketCommand())->setProjectId('71')->setBucketId('in.c-main'), CreateBucketResponse::class);
        $path = $bucket->getCreateBucketObjectName();
        self::assertSame('in_c_main', $path);
        $created = $this->ask(
            (new CreateTableCommand())
                ->setPath([$path])
                ->setTableName('orders')
                ->setColumns([self::column('id', 'VARCHAR', false), self::column('name', 'VARCHAR'), self::column('_timestamp', 'TIMESTAMP')])
                ->setPrimaryKeysNames(['id']),
            ObjectInfoResponse::class,
        );
        self::assertSame(['id'], iterator_to_array($created->getTableInfo()->getPrimaryKeysNames()));

        $full = $this->import("id,name\n1,one\n2,two\n", ImportType::FULL, $path, true);
        self::assertSame([2, 2], [$full->getImportedRowsCount(), $full->getTableRowsCount()]);
        $loadedAt = time();
        while (time() === $loadedAt) {
            usleep(20_000);
        }
        $incremental = $this->import("2,zwei\n3,three\n", ImportType::INCREMENTAL, $path, false);
        self::assertSame([2, 3], [$incremental->getImportedRowsCount(), $incremental->getTableRowsCount()]);
        self::assertSame([['1', 'one'], ['2', 'zwei'], ['3', 'three']], $this->rows($path));

        $this->ask((new AddColumnCommand())->setPath([$path])->setTableName('orders')->setColumnDefinition(self::column('extra', 'BIGINT')), ObjectInfoResponse::class);
        $this->send((new DropColumnCommand())->setPath([$path])->setTableName('orders')->setColumnName('extra'));
        $info = $this->ask((new ObjectInfoCommand())->setPath([$path, 'orders'])->setExpectedObjectType(ObjectType::TABLE), ObjectInfoResponse::class);
        self::assertCount(3, $info->getTableInfo()->getColumns());
        self::assertSame(3, $info->getTableInfo()->getRowsCount());

        $travel = (new CreateTableFromTimeTravelCommand())
            ->setSource((new CreateTableFromTimeTravelCommand\SourceTableMapping())->setPath([$path])->setTableName('orders'))
            ->setDestination((new Table())->setPath([$path])->setTableName('before'))
            ->setTimestamp($loadedAt);
        $this->ask($travel, ObjectInfoResponse::class);
        self::assertSame([['1', 'one'], ['2', 'two']], $this->rows($path, 'before'));

        $share = (new ShareBucketCommand())->setSourceProjectId('71')->setSourceBucketObjectName($path);
        $role = $this->ask($share, ShareBucketResponse::class, '')->getBucketShareRoleName();
        $link = (new LinkBucketCommand())->setTargetProjectId('72')->setTargetBucketId('in.c-linked')->setSourceShareRoleName($role)->setStackPrefix('kbc');
        $linked = $this->ask($link, LinkedBucketResponse::class, '')->getLinkedBucketObjectName();
        self::assertCount(3, $this->rows($linked, 'orders', $other->getProjectPassword()));

        $branch = $this->ask((new CreateDevBranchCommand())->setProjectId('71')->setBranchId('5'), CreateDevBranchResponse::class);
        $inBranch = (new CreateBucketCommand())->setProjectId('71')->setBucketId('in.c-main')->setBranchId('5');
        $branchBucket = $this->ask($inBranch, CreateBucketResponse::class)->getCreateBucketObjectName();
        self::assertSame('5_in_c_main', $branchBucket);
        $this->send((new DropBucketCommand())->setBucketObjectName($branchBucket));
        $this->send((new DropDevBranchCommand())->setDevBranchReadOnlyRoleName($branch->getDevBranchReadOnlyRoleName()));

        $workspace = $this->ask((new CreateWorkspaceCommand())->setProjectId('71')->setWorkspaceId('9')->setStackPrefix('kbc'), CreateWorkspaceResponse::class);
        self::assertNotSame('', $workspace->getWorkspacePassword());
        $query = (new ExecuteQueryCommand())->setPathRestriction([$workspace->getWorkspaceObjectName()])->setQuery('SELECT count(*) AS n FROM in_c_main.orders');
        $result = $this->ask($query, ExecuteQueryResponse::class);
        self::assertSame(ExecuteQueryResponse\Status::Success, $result->getStatus(), $result->getMessage());
        self::assertSame('3', $result->getData()->getRows()[0]->getFields()['n']);
        $inWorkspace = $this->inWorkspace($workspace, '71');
        // Who has the login makes tables of its own from those of the project; what it makes goes back by the driver.
        $inWorkspace('CREATE TABLE doubled AS SELECT id, name || name AS name FROM in_c_main.orders WHERE id <> \'1\'');
        self::assertSame('2|zweizwei', $inWorkspace('SELECT id, name FROM doubled ORDER BY id LIMIT 1'));
        try {
            $inWorkspace('DELETE FROM in_c_main.orders');
            self::fail('A workspace wrote into a bucket.');
        } catch (RuntimeException $exception) {
            self::assertStringContainsString('ERROR', $exception->getMessage());
        }
        $this->ask(
            (new CreateTableCommand())->setPath([$path])->setTableName('returned')->setColumns([self::column('id', 'VARCHAR'), self::column('name', 'VARCHAR')]),
            ObjectInfoResponse::class,
        );
        $returned = $this->ask(
            (new TableImportFromTableCommand())
                ->setSource((new TableImportFromTableCommand\SourceTableMapping())->setPath([$workspace->getWorkspaceObjectName()])->setTableName('doubled'))
                ->setDestination((new Table())->setPath([$path])->setTableName('returned'))
                ->setImportOptions((new ImportOptions())->setImportType(ImportType::FULL)),
            TableImportResponse::class,
        );
        self::assertSame([2, 2], [$returned->getImportedRowsCount(), $returned->getTableRowsCount()]);
        self::assertSame([['2', 'zweizwei'], ['3', 'threethree']], $this->rows($path, 'returned'));
        $renewed = $this->ask(
            (new ResetWorkspacePasswordCommand())->setWorkspaceUserName($workspace->getWorkspaceUserName()),
            ResetWorkspacePasswordResponse::class,
        );
        try {
            $inWorkspace('SELECT 1');
            self::fail('The old password still works.');
        } catch (RuntimeException $exception) {
            self::assertStringContainsString('password authentication failed', $exception->getMessage());
        }
        $workspace->setWorkspacePassword($renewed->getWorkspacePassword());
        self::assertSame('2', $this->inWorkspace($workspace, '71')('SELECT count(*) FROM doubled'));
        $this->send((new DropWorkspaceCommand())->setWorkspaceObjectName($workspace->getWorkspaceObjectName())->setIsCascade(true));

        $export = (new TableExportToFileCommand())
            ->setSource((new Table())->setPath([$path])->setTableName('orders'))
            ->setFilePath((new FilePath())->setRoot('project_71')->setPath('exports')->setFileName('orders-'));
        self::assertSame(3, $this->ask($export, TableExportToFileResponse::class)->getTableInfo()->getRowsCount());

        $this->send((new UnlinkBucketCommand())->setBucketObjectName($linked), $other->getProjectPassword());
        $this->send((new UnshareBucketCommand())->setBucketObjectName($path)->setBucketShareRoleName($role), '');
        $this->send((new DropTableCommand())->setPath([$path])->setTableName('before'));
        $this->send((new DropBucketCommand())->setBucketObjectName($path)->setIsCascade(true));
        try {
            $this->rows($path);
            self::fail('The bucket is still there.');
        } catch (ObjectNotFoundException $exception) {
            self::assertSame('Object "in_c_main" not found.', $exception->getMessage());
        }
        $this->send((new DropProjectCommand())->setProjectDatabaseName($project->getProjectDatabaseName()), '');
        $this->send((new DropProjectCommand())->setProjectDatabaseName($other->getProjectDatabaseName()), '');
        $this->send(new RemoveBackendCommand(), '');
    }
}

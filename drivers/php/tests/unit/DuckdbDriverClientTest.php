<?php

declare(strict_types=1);

namespace Keboola\StorageDriver\DuckDb\UnitTests;

use Google\Protobuf\Any;
use GuzzleHttp\Client;
use GuzzleHttp\Exception\ConnectException;
use GuzzleHttp\Exception\RequestException;
use GuzzleHttp\Handler\MockHandler;
use GuzzleHttp\HandlerStack;
use GuzzleHttp\Middleware;
use GuzzleHttp\Psr7\Request;
use GuzzleHttp\Psr7\Response;
use Keboola\CommonExceptions\UserExceptionInterface;
use Keboola\StorageDriver\Command\Backend\InitBackendCommand;
use Keboola\StorageDriver\Command\Common\DriverRequest;
use Keboola\StorageDriver\Command\Common\DriverResponse;
use Keboola\StorageDriver\Command\Common\LogMessage;
use Keboola\StorageDriver\Command\Common\RuntimeOptions;
use Keboola\StorageDriver\Command\ExecuteQuery\ExecuteQueryCommand;
use Keboola\StorageDriver\Command\Project\CreateProjectCommand;
use Keboola\StorageDriver\Command\Table\DropTableCommand;
use Keboola\StorageDriver\Command\Table\TableImportFromFileCommand;
use Keboola\StorageDriver\Command\Table\TableImportResponse;
use Keboola\StorageDriver\Contract\Driver\Exception\ExceptionInterface;
use Keboola\StorageDriver\Credentials\GenericBackendCredentials;
use Keboola\StorageDriver\DuckDb\DuckdbDriverClient;
use Keboola\StorageDriver\Shared\Driver\Exception\Command\Import\ImportException;
use Keboola\StorageDriver\Shared\Driver\Exception\Command\Import\ImportValidationException;
use Keboola\StorageDriver\Shared\Driver\Exception\Command\ObjectNotFoundException;
use Keboola\StorageDriver\Shared\Driver\Exception\Command\TooManyRequestsException;
use Keboola\StorageDriver\Shared\Driver\Exception\CommandNotSupportedException;
use PHPUnit\Framework\Attributes\DataProvider;
use PHPUnit\Framework\TestCase;
use Throwable;

final class DuckdbDriverClientTest extends TestCase
{
    private const SECRET = 'proj_7_admin_secret';

    /** @var array<int, array{request: Request, options: array<string, mixed>}> */
    private array $sent = [];

    /** @param array<int, Response|Throwable> $answers */
    private function client(array $answers, string $url = 'http://storage:8000'): DuckdbDriverClient
    {
        $stack = HandlerStack::create(new MockHandler($answers));
        $stack->push(Middleware::history($this->sent));
        return new DuckdbDriverClient($url, 'admin-key', new Client(['handler' => $stack]));
    }

    private static function credentials(string $secret = self::SECRET, string $host = '7'): GenericBackendCredentials
    {
        return (new GenericBackendCredentials())->setHost($host)->setPrincipal('duckdb-project')->setSecret($secret);
    }

    private static function ok(?DriverResponse $response = null): Response
    {
        return new Response(200, ['Content-Type' => 'application/x-protobuf'], ($response ?? new DriverResponse())->serializeToString());
    }

    private static function dropTable(): DropTableCommand
    {
        return (new DropTableCommand())->setPath(['in_c_main'])->setTableName('orders');
    }

    private function failure(Response|Throwable $answer, ?object $command = null, string $runId = ''): Throwable
    {
        $answers = $answer instanceof Throwable ? [$answer, $answer] : [$answer];
        try {
            $this->client($answers)->runCommand(self::credentials(), $command ?? self::dropTable(), [], (new RuntimeOptions())->setRunId($runId));
        } catch (Throwable $exception) {
            self::assertInstanceOf(ExceptionInterface::class, $exception);
            self::assertNotInstanceOf(UserExceptionInterface::class, $exception);
            self::assertStringNotContainsString(self::SECRET, (string) $exception);
            return $exception;
        }
        self::fail('The command did not fail.');
    }

    public function testRequestHoldsEverything(): void
    {
        $options = (new RuntimeOptions())->setRunId('1.2')->setQueryTags(['branch_id' => '5']);
        $response = $this->client([self::ok()])->runCommand(self::credentials(), self::dropTable(), ['storage-branches'], $options);
        self::assertInstanceOf(DriverResponse::class, $response);
        self::assertNull($response->getCommandResponse());
        $request = $this->sent[0]['request'];
        self::assertSame('POST', $request->getMethod());
        self::assertSame('http://storage:8000/driver/execute', (string) $request->getUri());
        self::assertSame('application/x-protobuf', $request->getHeaderLine('Content-Type'));
        self::assertSame('Bearer ' . self::SECRET, $request->getHeaderLine('Authorization'));
        self::assertMatchesRegularExpression('/^[0-9a-f]{32}$/', $request->getHeaderLine('X-Idempotency-Key'));
        $sent = new DriverRequest();
        $sent->mergeFromString((string) $request->getBody());
        $command = $sent->getCommand()?->unpack();
        self::assertInstanceOf(DropTableCommand::class, $command);
        self::assertSame('orders', $command->getTableName());
        self::assertSame(['storage-branches'], iterator_to_array($sent->getFeatures()));
        self::assertSame('1.2', $sent->getRuntimeOptions()?->getRunId());
        self::assertSame('5', $sent->getRuntimeOptions()->getQueryTags()['branch_id']);
        $credentials = $sent->getCredentials()?->unpack();
        self::assertInstanceOf(GenericBackendCredentials::class, $credentials);
        self::assertSame('7', $credentials->getHost());
    }

    public function testOnlyBackendCommandsFallBackToTheAdminKey(): void
    {
        $this->client([self::ok()])->runCommand(self::credentials(''), new InitBackendCommand(), [], new RuntimeOptions());
        self::assertSame('Bearer admin-key', $this->sent[0]['request']->getHeaderLine('Authorization'));
        try {
            $this->client([])->runCommand(self::credentials(''), self::dropTable(), [], new RuntimeOptions());
            self::fail('A project command went out without a key.');
        } catch (ExceptionInterface $exception) {
            self::assertSame(1002, $exception->getCode());
            self::assertFalse($exception->isRetryable());
        }
        self::assertCount(1, $this->sent);
    }

    /** @return array<string, array{string, string, string}> */
    public static function urls(): array
    {
        return [
            'slash' => ['http://storage:8000/', '7', 'http://storage:8000/driver/execute'],
            'prefix' => ['https://example.com/storage', '7', 'https://example.com/storage/driver/execute'],
            'host wins' => ['http://storage:8000', 'https://other:1/', 'https://other:1/driver/execute'],
        ];
    }

    /** @dataProvider urls */
    #[DataProvider('urls')]
    public function testUrl(string $configured, string $host, string $expected): void
    {
        $this->client([self::ok()], $configured)->runCommand(self::credentials(self::SECRET, $host), self::dropTable(), [], new RuntimeOptions());
        self::assertSame($expected, (string) $this->sent[0]['request']->getUri());
    }

    /** @runInSeparateProcess */
    public function testAnAnswerUnpacksThoughNothingOfItWasSeenBefore(): void
    {
        // Hand-made bytes: making them with the classes would make the classes known.
        $url = 'type.googleapis.com/keboola.storageDriver.command.table.TableImportResponse';
        $inner = "\x08\x81\x80\x80\x80\x80\x80\x80\x10\x10\x03";
        $any = "\x0a" . chr(strlen($url)) . $url . "\x12" . chr(strlen($inner)) . $inner;
        $body = "\x0a" . chr(strlen($any)) . $any . "\x12\x06\x08\x04\x12\x02hi";
        $answer = new Response(200, ['Content-Type' => 'application/x-protobuf'], $body);
        $response = $this->client([$answer])->runCommand(self::credentials(), self::dropTable(), [], new RuntimeOptions());
        self::assertInstanceOf(DriverResponse::class, $response);
        $import = $response->getCommandResponse()?->unpack();
        self::assertInstanceOf(TableImportResponse::class, $import);
        self::assertSame(9007199254740993, $import->getImportedRowsCount());
        self::assertSame(3, $import->getTableRowsCount());
        $message = $response->getMessages()[0];
        self::assertInstanceOf(LogMessage::class, $message);
        self::assertSame('hi', $message->getMessage());
        self::assertSame(LogMessage\Level::Warning, $message->getLevel());
    }

    /** @return array<string, array{int, int, bool, object|null, class-string, int, bool}> */
    public static function failures(): array
    {
        $import = new TableImportFromFileCommand();
        return [
            'not supported' => [501, 900, false, null, CommandNotSupportedException::class, 0, false],
            'not found' => [404, 2000, false, null, ObjectNotFoundException::class, 2000, false],
            'busy' => [429, 2006, true, null, TooManyRequestsException::class, 2006, true],
            'exists' => [409, 2006, false, null, ExceptionInterface::class, 2006, false],
            'validation of an import' => [400, 3000, false, $import, ImportValidationException::class, 3000, false],
            'file of an import' => [400, 4201, false, $import, ImportValidationException::class, 4201, false],
            'import in time' => [504, 6002, true, $import, ImportException::class, 6002, true],
            'validation' => [400, 3000, false, null, ExceptionInterface::class, 3000, false],
            'internal, retryable' => [500, 0, true, null, ExceptionInterface::class, 0, true],
        ];
    }

    /**
     * @dataProvider failures
     * @param class-string $class
     */
    #[DataProvider('failures')]
    public function testFailure(int $status, int $code, bool $retryable, ?object $command, string $class, int $expectedCode, bool $expectedRetryable): void
    {
        $error = ['code' => $code, 'message' => 'Why.', 'retryable' => $retryable, 'context' => ['a' => 1], 'objectName' => 'orders'];
        $answer = new Response($status, ['Content-Type' => 'application/json'], (string) json_encode(['detail' => 'Why.', 'error' => $error]));
        $exception = $this->failure($answer, $command);
        self::assertInstanceOf($class, $exception);
        self::assertInstanceOf(ExceptionInterface::class, $exception);
        self::assertSame($expectedCode, $exception->getCode());
        self::assertSame($expectedRetryable, $exception->isRetryable());
        if ($class === ObjectNotFoundException::class) {
            self::assertSame('Object "orders" not found.', $exception->getMessage());
        } elseif ($class === ExceptionInterface::class) {
            self::assertSame('Why.', $exception->getMessage());
            self::assertSame(['a' => 1], $exception->getContext());
        }
    }

    public function testAnswersOfOthers(): void
    {
        $reference = $this->failure(new Response(404, [], '{"detail": "no table"}'));
        self::assertSame([2000, 'no table'], [$reference->getCode(), $reference->getMessage()]);
        $proxy = $this->failure(new Response(502, ['Content-Type' => 'text/html'], '<html>Bad gateway</html>'));
        self::assertInstanceOf(ExceptionInterface::class, $proxy);
        self::assertTrue($proxy->isRetryable());
        $html = $this->failure(new Response(200, ['Content-Type' => 'text/html'], '<html></html>'));
        self::assertSame(1001, $html->getCode());
        $cut = $this->failure(new Response(200, ['Content-Type' => 'application/x-protobuf'], "\x0a\x50abc"));
        self::assertSame(1001, $cut->getCode());
    }

    /** @return array<string, array{int, float, bool, string, int, bool, int}> */
    public static function transports(): array
    {
        return [
            'refused' => [7, 0.0, false, '', 1001, true, 2],
            'connect timeout' => [28, 0.0, false, '', 1001, true, 1],
            'slow, repeatable' => [28, 0.1, false, '', 1000, true, 1],
            'slow, not repeatable' => [28, 0.1, true, '', 1000, false, 1],
            'slow, known by its run' => [28, 0.1, true, '5.1', 1000, true, 1],
            'lost, not repeatable' => [56, 0.1, true, '', 1001, false, 2],
        ];
    }

    /** @dataProvider transports */
    #[DataProvider('transports')]
    public function testTransport(int $errno, float $connectTime, bool $isImport, string $runId, int $code, bool $retryable, int $attempts): void
    {
        $request = new Request('POST', 'http://storage', ['Authorization' => 'Bearer ' . self::SECRET]);
        $context = ['errno' => $errno, 'connect_time' => $connectTime];
        $error = $errno === 56
            ? new RequestException('lost ' . self::SECRET, $request, null, null, $context)
            : new ConnectException('failed ' . self::SECRET, $request, null, $context);
        $exception = $this->failure($error, $isImport ? new TableImportFromFileCommand() : null, $runId);
        self::assertInstanceOf(ExceptionInterface::class, $exception);
        self::assertSame($code, $exception->getCode());
        self::assertSame($retryable, $exception->isRetryable());
        self::assertCount($attempts, $this->sent);
        $keys = array_map(fn (array $one): string => $one['request']->getHeaderLine('X-Idempotency-Key'), $this->sent);
        self::assertCount(1, array_unique($keys));
    }

    public function testASecondAttemptMaySucceed(): void
    {
        $lost = new ConnectException('failed', new Request('POST', 'http://storage'), null, ['errno' => 7]);
        $response = $this->client([$lost, self::ok()])->runCommand(self::credentials(), self::dropTable(), [], new RuntimeOptions());
        self::assertInstanceOf(DriverResponse::class, $response);
    }

    public function testTimeouts(): void
    {
        $commands = [
            [self::dropTable(), 240],
            [new TableImportFromFileCommand(), 0],
            [new CreateProjectCommand(), 0],
            [new ExecuteQueryCommand(), 3660],
            [(new ExecuteQueryCommand())->setTimeout(10), 70],
            // A message the client has never heard of.
            [new Any(), 240],
        ];
        $client = $this->client(array_fill(0, count($commands), self::ok()));
        foreach ($commands as $index => [$command, $seconds]) {
            $client->runCommand(self::credentials(), $command, [], new RuntimeOptions());
            self::assertSame($seconds, $this->sent[$index]['options']['timeout']);
            self::assertSame(10, $this->sent[$index]['options']['connect_timeout']);
        }
    }
}

<?php

declare(strict_types=1);

namespace Keboola\StorageDriver\DuckDb;

use Google\Protobuf\Any;
use Google\Protobuf\Internal\Message;
use GuzzleHttp\Client;
use GuzzleHttp\ClientInterface as HttpClient;
use GuzzleHttp\Exception\ConnectException;
use GuzzleHttp\Exception\RequestException;
use GuzzleHttp\Exception\TransferException;
use Keboola\StorageDriver\Command\Common\DriverRequest;
use Keboola\StorageDriver\Command\Common\DriverResponse;
use Keboola\StorageDriver\Command\Common\RuntimeOptions;
use Keboola\StorageDriver\Command\ExecuteQuery\ExecuteQueryCommand;
use Keboola\StorageDriver\Contract\Driver\ClientInterface;
use Keboola\StorageDriver\Credentials\GenericBackendCredentials;
use Psr\Http\Message\ResponseInterface;
use Psr\Log\LoggerInterface;
use Psr\Log\NullLogger;
use Throwable;

/**
 * Carries commands to the service as they are, whatever they are: what a command means, only the service knows. The one thing known
 * here about commands is which need the admin key, how long they may take, and which of them are harmless to repeat.
 */
final class DuckdbDriverClient implements ClientInterface
{
    private const CONNECT_TIMEOUT_SECONDS = 10;
    private const ORDINARY_TIMEOUT_SECONDS = 240;
    private const DEFAULT_QUERY_SECONDS = 3600;
    private const QUERY_EXTRA_SECONDS = 60;

    private const BACKEND_COMMANDS = [
        'InitBackendCommand',
        'RemoveBackendCommand',
        'CreateProjectCommand',
        'UpdateProjectCommand',
        'DropProjectCommand',
        'ShareBucketCommand',
        'UnshareBucketCommand',
        'LinkBucketCommand',
    ];

    private const LONG_COMMANDS = [
        'TableImportFromFileCommand',
        'TableImportFromTableCommand',
        'LoadTableToWorkspaceCommand',
        'TableExportToFileCommand',
        'CreateTableFromTimeTravelCommand',
        'CreateProfileTableCommand',
        'AddPrimaryKeyCommand',
        'DeleteTableRowsCommand',
        'CreateProjectCommand',
        'DropProjectCommand',
    ];

    /** Twice done, they do harm, unless the run tells the service that the second time is a repetition. */
    private const UNREPEATABLE_COMMANDS = [
        'CreateProjectCommand',
        'CreateWorkspaceCommand',
        'CreateWorkspaceUserCommand',
        'ResetWorkspacePasswordCommand',
        'TableImportFromFileCommand',
        'TableImportFromTableCommand',
        'ExecuteQueryCommand',
    ];

    private const COULD_NOT_RESOLVE_HOST = 6;
    private const COULD_NOT_CONNECT = 7;
    private const TIMED_OUT = 28;
    private const TLS_FAILED = 35;

    private readonly HttpClient $http;
    private readonly LoggerInterface $logger;

    /** @param int $longTimeoutSeconds of imports, loads, exports and the like; 0: none, because only the service knows how long they take */
    public function __construct(
        private readonly string $serviceUrl,
        private readonly string $adminApiKey,
        ?HttpClient $http = null,
        private readonly int $longTimeoutSeconds = 0,
        ?LoggerInterface $logger = null,
    ) {
        $this->http = $http ?? new Client();
        $this->logger = $logger ?? new NullLogger();
    }

    /**
     * @param GenericBackendCredentials $credentials
     * @param string[] $features
     * @param RuntimeOptions $runtimeOptions
     * @return DriverResponse
     */
    public function runCommand(Message $credentials, Message $command, array $features, Message $runtimeOptions): ?Message
    {
        assert($credentials instanceof GenericBackendCredentials);
        assert($runtimeOptions instanceof RuntimeOptions);
        $name = self::shortNameOf($command);
        $request = new DriverRequest();
        $request->setCredentials(self::pack($credentials));
        $request->setCommand(self::pack($command));
        $request->setFeatures(array_values($features));
        $request->setRuntimeOptions($runtimeOptions);
        $isSafeToRepeat = $runtimeOptions->getRunId() !== '' || !in_array($name, self::UNREPEATABLE_COMMANDS, true);
        $options = [
            'http_errors' => false,
            'allow_redirects' => false,
            'headers' => [
                'Accept' => 'application/x-protobuf',
                'Authorization' => 'Bearer ' . $this->keyFor($credentials, $name),
                'Content-Type' => 'application/x-protobuf',
                'X-Idempotency-Key' => bin2hex(random_bytes(16)),
            ],
            'body' => $request->serializeToString(),
            'connect_timeout' => self::CONNECT_TIMEOUT_SECONDS,
            'timeout' => $this->timeoutOf($command, $name),
            // No byte flows while a command runs, and what is silent is dropped on the way.
            'curl' => [CURLOPT_TCP_KEEPALIVE => 1, CURLOPT_TCP_KEEPIDLE => 30, CURLOPT_TCP_KEEPINTVL => 15],
        ];
        $startedAt = microtime(true);
        $response = $this->send($this->urlFor($credentials), $options, $isSafeToRepeat);
        $this->logger->debug('Storage driver command finished.', [
            'command' => $name,
            'status' => $response->getStatusCode(),
            'seconds' => round(microtime(true) - $startedAt, 3),
        ]);
        if ($response->getStatusCode() !== 200) {
            throw DriverExceptionFactory::fromAnswer($response->getStatusCode(), (string) $response->getBody(), $command::class);
        }
        return self::decode($response);
    }

    /**
     * The connection is tried once more with the same key for repetitions: the service does the work once.
     *
     * @param array<string, mixed> $options
     */
    private function send(string $url, array $options, bool $isSafeToRepeat): ResponseInterface
    {
        for ($attempt = 1;; $attempt++) {
            try {
                return $this->http->request('POST', $url, $options);
            } catch (TransferException $exception) {
                // What it says may show the request, so that it goes no further.
                $context = $exception instanceof ConnectException || $exception instanceof RequestException
                    ? $exception->getHandlerContext()
                    : [];
                $errno = (int) ($context['errno'] ?? 0);
                $isTimeout = $errno === self::TIMED_OUT;
                $wasSent = !in_array($errno, [self::COULD_NOT_RESOLVE_HOST, self::COULD_NOT_CONNECT, self::TLS_FAILED], true)
                    && !($isTimeout && (float) ($context['connect_time'] ?? 1) === 0.0);
                if (!$isTimeout && $attempt === 1) {
                    continue;
                }
                throw $wasSent ? DriverExceptionFactory::lost($isTimeout, $isSafeToRepeat) : DriverExceptionFactory::unreachable();
            }
        }
    }

    private static function decode(ResponseInterface $response): DriverResponse
    {
        if (!str_starts_with($response->getHeaderLine('Content-Type'), 'application/x-protobuf')) {
            throw DriverExceptionFactory::undecodable();
        }
        DescriptorPoolInitializer::initialize();
        $decoded = new DriverResponse();
        try {
            $decoded->mergeFromString((string) $response->getBody());
        } catch (Throwable $exception) {
            throw DriverExceptionFactory::undecodable($exception);
        }
        return $decoded;
    }

    /** A missing project key must not become full rights: only commands of the backend fall back to the admin key. */
    private function keyFor(GenericBackendCredentials $credentials, string $name): string
    {
        $key = $credentials->getSecret();
        if ($key !== '') {
            return $key;
        }
        if (!in_array($name, self::BACKEND_COMMANDS, true)) {
            throw DriverExceptionFactory::missingKey();
        }
        return $this->adminApiKey;
    }

    private function urlFor(GenericBackendCredentials $credentials): string
    {
        $host = $credentials->getHost();
        $base = preg_match('~^https?://~i', $host) === 1 ? $host : $this->serviceUrl;
        return rtrim($base, '/') . '/driver/execute';
    }

    private function timeoutOf(Message $command, string $name): int
    {
        if ($command instanceof ExecuteQueryCommand) {
            $seconds = $command->getTimeout();
            return ($seconds === 0 ? self::DEFAULT_QUERY_SECONDS : $seconds) + self::QUERY_EXTRA_SECONDS;
        }
        return in_array($name, self::LONG_COMMANDS, true) ? $this->longTimeoutSeconds : self::ORDINARY_TIMEOUT_SECONDS;
    }

    private static function pack(Message $message): Any
    {
        $any = new Any();
        $any->pack($message);
        return $any;
    }

    private static function shortNameOf(Message $command): string
    {
        $class = $command::class;
        return substr($class, (int) strrpos('\\' . $class, '\\'));
    }
}

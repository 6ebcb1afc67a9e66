<?php

declare(strict_types=1);

namespace Keboola\StorageDriver\DuckDb;

use Keboola\StorageDriver\Contract\Driver\Exception\ExceptionInterface;
use Keboola\StorageDriver\DuckDb\Exception\DriverException;
use Keboola\StorageDriver\DuckDb\Exception\NonRetryableDriverException;
use Keboola\StorageDriver\Shared\Driver\Exception\Command\Import\ImportException;
use Keboola\StorageDriver\Shared\Driver\Exception\Command\Import\ImportValidationException;
use Keboola\StorageDriver\Shared\Driver\Exception\Command\ObjectNotFoundException;
use Keboola\StorageDriver\Shared\Driver\Exception\Command\TooManyRequestsException;
use Keboola\StorageDriver\Shared\Driver\Exception\CommandNotSupportedException;
use Throwable;

/** What the service answered, or that it did not, as the exception that Connection expects. Numbers, because constants depend on versions. */
final class DriverExceptionFactory
{
    private const UNKNOWN = 0;
    private const NOT_SUPPORTED = 900;
    private const TIMEOUT = 1000;
    private const CONNECTION = 1001;
    private const AUTH = 1002;
    private const NOT_FOUND = 2000;
    private const RESOURCE_FULL = 2006;
    private const VALIDATION = 3000;
    private const UNKNOWN_IMPORT = 4000;
    private const QUERY_TIMEOUT = 6002;

    /** @param class-string $commandClass */
    public static function fromAnswer(int $status, string $body, string $commandClass): Throwable
    {
        $answer = json_decode($body, true);
        $error = is_array($answer) && is_array($answer['error'] ?? null) ? $answer['error'] : null;
        if ($error === null) {
            $detail = is_array($answer) && is_string($answer['detail'] ?? null) ? $answer['detail'] : null;
            return self::fromStatus($status, $detail ?? sprintf('The storage service answered with status %d.', $status), $commandClass);
        }
        $code = is_int($error['code'] ?? null) ? $error['code'] : self::UNKNOWN;
        $message = is_string($error['message'] ?? null) ? $error['message'] : 'The storage service gave no reason.';
        $isRetryable = ($error['retryable'] ?? false) === true;
        /** @var array<string, mixed> $context */
        $context = is_array($error['context'] ?? null) ? $error['context'] : [];
        $objectName = is_string($error['objectName'] ?? null) ? $error['objectName'] : null;
        $isImport = str_contains($commandClass, 'TableImportFrom') || str_contains($commandClass, 'LoadTableToWorkspace');

        return match (true) {
            $status === 501 || $code === self::NOT_SUPPORTED => new CommandNotSupportedException($commandClass),
            $code === self::NOT_FOUND && $objectName !== null => new ObjectNotFoundException($objectName, $code),
            $code === self::RESOURCE_FULL && $isRetryable => new TooManyRequestsException($message),
            $isImport && ($code === self::VALIDATION || intdiv($code, 100) === 42) => new ImportValidationException($message, $code),
            $isImport && $isRetryable && ($code === self::UNKNOWN_IMPORT || $code === self::QUERY_TIMEOUT) => new ImportException($message, $code),
            $isRetryable => new DriverException($message, $code, $context),
            default => new NonRetryableDriverException($message, $code, $context),
        };
    }

    /** Of an answer that is none: a proxy in between, or another service. */
    private static function fromStatus(int $status, string $message, string $commandClass): Throwable
    {
        return match (true) {
            $status === 501 => new CommandNotSupportedException($commandClass),
            $status === 400, $status === 422 => new NonRetryableDriverException($message, self::VALIDATION),
            $status === 401, $status === 403 => new NonRetryableDriverException($message, self::AUTH),
            $status === 404 => new NonRetryableDriverException($message, self::NOT_FOUND),
            $status >= 500 => new DriverException($message, self::UNKNOWN),
            default => new NonRetryableDriverException($message, self::UNKNOWN),
        };
    }

    public static function undecodable(?Throwable $previous = null): ExceptionInterface
    {
        return new DriverException('The storage service answered something that is no DriverResponse.', self::CONNECTION, [], $previous);
    }

    public static function missingKey(): ExceptionInterface
    {
        return new NonRetryableDriverException('The credentials of the project hold no key.', self::AUTH);
    }

    /** Nothing was sent: to repeat it is harmless. */
    public static function unreachable(): ExceptionInterface
    {
        return new DriverException('The storage service cannot be reached.', self::CONNECTION);
    }

    /** The service may have got the command, and may still work on it. */
    public static function lost(bool $isTimeout, bool $isSafeToRepeat): ExceptionInterface
    {
        $message = $isTimeout
            ? 'The storage service did not answer in time; it may still be working on the command.'
            : 'The connection to the storage service was lost; it may still be working on the command.';
        $code = $isTimeout ? self::TIMEOUT : self::CONNECTION;
        return $isSafeToRepeat ? new DriverException($message, $code) : new NonRetryableDriverException($message, $code);
    }
}

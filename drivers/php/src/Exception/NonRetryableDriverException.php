<?php

declare(strict_types=1);

namespace Keboola\StorageDriver\DuckDb\Exception;

use Keboola\StorageDriver\Contract\Driver\Exception\NonRetryableExceptionInterface;

/** A failure that repeating the command cannot change. */
final class NonRetryableDriverException extends DriverException implements NonRetryableExceptionInterface
{
    public function isRetryable(): bool
    {
        return false;
    }
}

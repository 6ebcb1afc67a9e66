<?php

declare(strict_types=1);

namespace Keboola\StorageDriver\DuckDb\Exception;

use Keboola\StorageDriver\Shared\Driver\Exception\Exception;
use Throwable;

/** A failure that may be gone when the command is repeated. */
class DriverException extends Exception
{
    /** @param array<string, mixed> $context */
    public function __construct(string $message, int $code, array $context = [], ?Throwable $previous = null)
    {
        parent::__construct($message, $code, $previous);
        $this->setContext($context);
    }
}

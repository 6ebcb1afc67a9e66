<?php

// Stands in for a class of keboola/storage-driver-common where that package is not installed. Test code: never ship it.

declare(strict_types=1);

namespace Keboola\StorageDriver\Shared\Driver\Exception;

use Keboola\StorageDriver\Contract\Driver\Exception\ExceptionInterface;
use Keboola\StorageDriver\Contract\Driver\Exception\NonRetryableExceptionInterface;

class Exception extends \Exception implements ExceptionInterface
{
    /** @var array<string, mixed> */
    private array $context = [];

    /** @param array<string, mixed> $context */
    public function setContext(array $context): void
    {
        $this->context = $context;
    }

    public function getContext(): array
    {
        return $this->context;
    }

    public function isRetryable(): bool
    {
        return !$this instanceof NonRetryableExceptionInterface;
    }
}

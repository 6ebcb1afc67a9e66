<?php

// Stands in for a class of keboola/storage-driver-common where that package is not installed. Test code: never ship it.

declare(strict_types=1);

namespace Keboola\StorageDriver\Shared\Driver\Exception;

use Keboola\StorageDriver\Contract\Driver\Exception\NonRetryableExceptionInterface;

final class CommandNotSupportedException extends Exception implements NonRetryableExceptionInterface
{
    public function __construct(string $command)
    {
        parent::__construct(sprintf("Command \"%s\" is not supported by the driver.", $command));
    }
}

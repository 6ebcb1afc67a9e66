<?php

// Stands in for a class of keboola/storage-driver-common where that package is not installed. Test code: never ship it.

declare(strict_types=1);

namespace Keboola\StorageDriver\Shared\Driver\Exception\Command;

use Keboola\StorageDriver\Shared\Driver\Exception\Exception;

final class TooManyRequestsException extends Exception
{
    public function __construct(string $message = "Too many requests.", int $code = 2006)
    {
        parent::__construct($message, $code);
    }
}

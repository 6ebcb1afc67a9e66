<?php

// Stands in for a class of keboola/storage-driver-common where that package is not installed. Test code: never ship it.

declare(strict_types=1);

namespace Keboola\StorageDriver\Shared\Driver\Exception\Command\Import;

use Keboola\StorageDriver\Contract\Driver\Exception\NonRetryableExceptionInterface;
use Keboola\StorageDriver\Shared\Driver\Exception\Exception;

class ImportValidationException extends Exception implements NonRetryableExceptionInterface
{
    public function __construct(string $message, int $code = 3000)
    {
        parent::__construct($message, $code);
    }
}

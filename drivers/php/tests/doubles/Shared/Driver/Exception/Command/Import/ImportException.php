<?php

// Stands in for a class of keboola/storage-driver-common where that package is not installed. Test code: never ship it.

declare(strict_types=1);

namespace Keboola\StorageDriver\Shared\Driver\Exception\Command\Import;

use Keboola\StorageDriver\Shared\Driver\Exception\Exception;

class ImportException extends Exception
{
    public function __construct(string $message, int $code = 4000)
    {
        parent::__construct($message, $code);
    }
}

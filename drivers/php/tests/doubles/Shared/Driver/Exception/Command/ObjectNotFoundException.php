<?php

// Stands in for a class of keboola/storage-driver-common where that package is not installed. Test code: never ship it.

declare(strict_types=1);

namespace Keboola\StorageDriver\Shared\Driver\Exception\Command;

use Keboola\StorageDriver\Contract\Driver\Exception\NonRetryableExceptionInterface;
use Keboola\StorageDriver\Shared\Driver\Exception\Exception;

final class ObjectNotFoundException extends Exception implements NonRetryableExceptionInterface
{
    public function __construct(private readonly string $objectName, int $code = 2000)
    {
        parent::__construct(sprintf("Object \"%s\" not found.", $objectName), $code);
    }

    public function getObjectName(): string
    {
        return $this->objectName;
    }
}

<?php

// Stands in for a class of keboola/storage-driver-common where that package is not installed. Test code: never ship it.

declare(strict_types=1);

namespace Keboola\StorageDriver\Contract\Driver\Exception;

use Keboola\CommonExceptions\ApplicationExceptionInterface;
use Keboola\CommonExceptions\ExceptionWithContextInterface;

interface ExceptionInterface extends ApplicationExceptionInterface, ExceptionWithContextInterface
{
    public function isRetryable(): bool;
}

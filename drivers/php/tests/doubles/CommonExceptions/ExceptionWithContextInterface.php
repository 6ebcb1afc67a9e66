<?php

// Stands in for a class of keboola/common-exceptions where that package is not installed. Test code: never ship it.

declare(strict_types=1);

namespace Keboola\CommonExceptions;

interface ExceptionWithContextInterface extends \Throwable
{
    /** @return array<string, mixed> */
    public function getContext(): array;
}

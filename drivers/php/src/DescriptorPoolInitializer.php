<?php

declare(strict_types=1);

namespace Keboola\StorageDriver\DuckDb;

/**
 * PHP unpacks an Any only into messages whose file it has seen already, and a client that decodes an answer has seen none of them:
 * without this, unpacking fails inside Connection, long after the client returned.
 */
final class DescriptorPoolInitializer
{
    private const FILES = [
        'GPBMetadata\\Google\\Protobuf\\Wrappers',
        'GPBMetadata\\Proto\\Common',
        'GPBMetadata\\Proto\\Credentials',
        'GPBMetadata\\Proto\\Backend',
        'GPBMetadata\\Proto\\Backend\\BigQuery',
        'GPBMetadata\\Proto\\Info',
        'GPBMetadata\\Proto\\Project',
        'GPBMetadata\\Proto\\Bucket',
        'GPBMetadata\\Proto\\Table',
        'GPBMetadata\\Proto\\Workspace',
        'GPBMetadata\\Proto\\ExecuteQuery',
    ];

    private static bool $isDone = false;

    /** Once per process; which files there are depends on the version of the common package. */
    public static function initialize(): void
    {
        if (self::$isDone) {
            return;
        }
        foreach (self::FILES as $class) {
            if (class_exists($class)) {
                $class::initOnce();
            }
        }
        self::$isDone = true;
    }
}

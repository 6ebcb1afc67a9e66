<?php

declare(strict_types=1);

/**
 * With composer: its autoloader. Without: the libraries of Debian, message classes that protoc made into DRIVER_GENERATED from the
 * .proto files of this repository, and stand-ins for the few classes of the common packages that are written by hand.
 */
$vendor = __DIR__ . '/../vendor/autoload.php';
if (is_file($vendor)) {
    require $vendor;
    return;
}

$generated = getenv('DRIVER_GENERATED');
if ($generated === false) {
    throw new RuntimeException('Neither vendor/ nor DRIVER_GENERATED; run the tests with ./run-tests.');
}
require 'GuzzleHttp/autoload.php';
foreach (['Psr/Log/autoload.php'] as $library) {
    if (stream_resolve_include_path($library) !== false) {
        require $library;
    }
}
spl_autoload_register(static function (string $class) use ($generated): void {
    $places = [
        'Keboola\\StorageDriver\\DuckDb\\UnitTests\\' => __DIR__ . '/unit/',
        'Keboola\\StorageDriver\\DuckDb\\FunctionalTests\\' => __DIR__ . '/functional/',
        'Keboola\\StorageDriver\\DuckDb\\' => __DIR__ . '/../src/',
        'Keboola\\StorageDriver\\Contract\\' => __DIR__ . '/doubles/Contract/',
        'Keboola\\StorageDriver\\Shared\\' => __DIR__ . '/doubles/Shared/',
        'Keboola\\CommonExceptions\\' => __DIR__ . '/doubles/CommonExceptions/',
        'Keboola\\StorageDriver\\' => $generated . '/Keboola/StorageDriver/',
        'GPBMetadata\\Proto\\' => $generated . '/GPBMetadata/Proto/',
    ];
    foreach ($places as $prefix => $folder) {
        if (str_starts_with($class, $prefix)) {
            $path = $folder . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (is_file($path)) {
                require $path;
            }
            return;
        }
    }
    $path = stream_resolve_include_path(str_replace('\\', '/', $class) . '.php');
    if ($path !== false) {
        require $path;
    }
});

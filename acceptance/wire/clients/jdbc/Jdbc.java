import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.postgresql.PGConnection;
import org.postgresql.PGResultSetMetaData;
import org.postgresql.copy.CopyManager;

/**
 * pgjdbc: the driver below DBeaver, DataGrip, Metabase and most Java tools. Features run one after the other; what each saw is printed
 * under `=== name`, values with their class, errors as their SQLSTATE. A line that begins with `!!!` is a feature that ended early.
 */
public class Jdbc {
    private static final int SECONDS_PER_FEATURE = 30;
    private static final String DATABASE = System.getenv("PGDATABASE");
    private static final String USER = System.getenv("PGUSER");
    private static final String ENDLESS =
        "SELECT sum((a.x::bigint * b.x) % 7) FROM generate_series(1, 1000000) a (x), generate_series(1, 1000000) b (x)";

    interface Work {
        void run() throws Exception;
    }

    interface OnConnection {
        void run(Connection connection) throws Exception;
    }

    private static final Map<String, Work> FEATURES = new LinkedHashMap<>();

    public static void main(String[] wanted) throws Exception {
        declare();
        ExecutorService executor = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work);
            thread.setDaemon(true);
            return thread;
        });
        for (Map.Entry<String, Work> feature : FEATURES.entrySet()) {
            if (wanted.length > 0 && !Arrays.asList(wanted).contains(feature.getKey())) continue;
            System.out.println("=== " + feature.getKey());
            try {
                executor.submit(() -> {
                    feature.getValue().run();
                    return null;
                }).get(SECONDS_PER_FEATURE, TimeUnit.SECONDS);
            } catch (TimeoutException late) {
                System.out.println("!!! no answer in time");
            } catch (Exception error) {
                Throwable cause = error.getCause();
                cause.printStackTrace();
                System.out.println("!!! " + (cause instanceof SQLException sql ? sql.getSQLState() : cause.getClass().getSimpleName()));
            }
            System.out.flush();
        }
        System.exit(0);
    }

    private static void declare() {
        feature("connect", Jdbc::connect);
        for (String mode : List.of("simple", "extended", "extendedForPrepared")) {
            feature("types-" + mode, () -> with(Map.of("preferQueryMode", mode), Jdbc::types));
        }
        feature("types-binary", () -> with(Map.of("prepareThreshold", "1", "binaryTransfer", "true"), Jdbc::types));
        feature("parameters-over-the-prepare-threshold", () -> with(Map.of(), Jdbc::parameters));
        feature("paging", () -> with(Map.of(), Jdbc::paging));
        feature("batch", () -> with(Map.of(), Jdbc::batch));
        feature("batch-rewritten", () -> with(Map.of("reWriteBatchedInserts", "true"), Jdbc::batch));
        feature("savepoint-reads", () -> with(Map.of(), Jdbc::savepointReads));
        feature("savepoint-writes", () -> with(Map.of(), Jdbc::savepointWrites));
        feature("autosave", () -> with(Map.of("autosave", "always"), Jdbc::autosave));
        feature("generated-keys", () -> with(Map.of(), Jdbc::generatedKeys));
        feature("read-only-and-isolation", () -> with(Map.of(), Jdbc::readOnly));
        feature("query-timeout-and-cancel", () -> with(Map.of(), Jdbc::timeout));
        feature("errors", () -> with(Map.of(), Jdbc::errors));
        feature("copy", () -> with(Map.of(), Jdbc::copy));
        feature("result-metadata", () -> with(Map.of(), Jdbc::resultMetaData));
        feature("parameter-metadata", () -> with(Map.of(), Jdbc::parameterMetaData));
        feature("updatable-result", () -> with(Map.of(), Jdbc::updatable));
        feature("several-results", () -> with(Map.of(), Jdbc::severalResults));
        feature("metadata-database", () -> with(Map.of(), Jdbc::databaseFacts));
        metadata("getSchemas", metaData -> metaData.getSchemas());
        feature("getCatalogs", () -> with(Map.of(), Jdbc::catalogs));
        metadata("getTableTypes", metaData -> metaData.getTableTypes());
        metadata("getTables", metaData -> metaData.getTables(null, "public", "%", null));
        metadata("getTables-by-type", metaData -> metaData.getTables(null, null, "%", new String[] {"TABLE", "VIEW"}));
        metadata("getTables-system", metaData -> metaData.getTables(null, "pg_catalog", "pg_am", null));
        metadata("getColumns", metaData -> metaData.getColumns(null, "public", "orders", "%"));
        metadata("getColumns-customers", metaData -> metaData.getColumns(null, "public", "customers", "%"));
        metadata("getColumns-all-types", metaData -> metaData.getColumns(null, "public", "all_types", "%"));
        metadata("getColumns-view", metaData -> metaData.getColumns(null, "public", "order_totals", "%"));
        metadata("getPrimaryKeys", metaData -> metaData.getPrimaryKeys(null, "public", "order_items"));
        metadata("getImportedKeys", metaData -> metaData.getImportedKeys(null, "public", "orders"));
        metadata("getExportedKeys", metaData -> metaData.getExportedKeys(null, "public", "orders"));
        metadata("getCrossReference", metaData -> metaData.getCrossReference(null, "public", "customers", null, "public", "orders"));
        metadata("getIndexInfo", metaData -> metaData.getIndexInfo(null, "public", "orders", false, true), "CARDINALITY", "PAGES");
        metadata("getBestRowIdentifier", metaData -> metaData.getBestRowIdentifier(null, "public", "orders", 0, true));
        metadata("getVersionColumns", metaData -> metaData.getVersionColumns(null, "public", "orders"));
        metadata("getTablePrivileges", metaData -> metaData.getTablePrivileges(null, "public", "orders"));
        metadata("getColumnPrivileges", metaData -> metaData.getColumnPrivileges(null, "public", "orders", "id"));
        metadata("getTypeInfo", metaData -> metaData.getTypeInfo());
        metadata("getUDTs", metaData -> metaData.getUDTs(null, "public", "%", null));
        metadata("getProcedures", metaData -> metaData.getProcedures(null, "public", "%"));
        metadata("getFunctions", metaData -> metaData.getFunctions(null, "public", "%"));
        metadata("getSchemas-by-pattern", metaData -> metaData.getSchemas(null, "reports"));
        metadata("getClientInfoProperties", metaData -> metaData.getClientInfoProperties());
    }

    private static void feature(String name, Work work) {
        FEATURES.put(name, work);
    }

    interface Question {
        ResultSet ask(DatabaseMetaData metaData) throws SQLException;
    }

    private static void metadata(String name, Question question, String... skip) {
        feature(name, () -> with(Map.of(), connection -> {
            try (ResultSet result = question.ask(connection.getMetaData())) {
                printSorted(result, Arrays.asList(skip));
            }
        }));
    }

    private static Connection open(Map<String, String> options) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", USER);
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        options.forEach(properties::setProperty);
        String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + DATABASE;
        return DriverManager.getConnection(url, properties);
    }

    private static void with(Map<String, String> options, OnConnection work) throws Exception {
        try (Connection connection = open(options)) {
            work.run(connection);
        }
    }

    private static void show(Object... values) {
        StringBuilder line = new StringBuilder();
        for (Object value : values) line.append(line.isEmpty() ? "" : " ").append(value instanceof String text ? text : describe(value));
        System.out.println(line);
    }

    private static String describe(Object value) {
        if (value == null) return "null";
        if (value instanceof byte[] bytes) {
            StringBuilder hex = new StringBuilder("bytes ");
            for (byte one : bytes) hex.append(String.format("%02x", one));
            return hex.toString();
        }
        if (value instanceof Object[] list) return Arrays.deepToString(list);
        if (value instanceof int[] list) return Arrays.toString(list);
        if (value instanceof Array array) return "Array " + array;
        if (value instanceof Integer || value instanceof Boolean || value instanceof List || value instanceof String) return String.valueOf(value);
        return value.getClass().getSimpleName() + " " + value;
    }

    private static void fails(Work work) throws Exception {
        try {
            work.run();
        } catch (SQLException error) {
            System.err.println(error.getMessage());
            show("error " + error.getSQLState());
            return;
        }
        show("no error");
    }

    private static void printSorted(ResultSet result, List<String> skip) throws SQLException {
        ResultSetMetaData metaData = result.getMetaData();
        StringBuilder names = new StringBuilder();
        for (int i = 1; i <= metaData.getColumnCount(); i++) names.append(metaData.getColumnLabel(i)).append(':').append(metaData.getColumnTypeName(i)).append(' ');
        show(names.toString().trim());
        TreeSet<String> lines = new TreeSet<>();
        int count = 0;
        while (result.next()) {
            StringBuilder line = new StringBuilder();
            for (int i = 1; i <= metaData.getColumnCount(); i++) {
                if (skip.contains(metaData.getColumnLabel(i))) continue;
                Object value = result.getObject(i);
                line.append(DATABASE.equals(value) || USER.equals(value) ? "…" : describe(value)).append(" | ");
            }
            lines.add(line.toString());
            count += 1;
        }
        lines.forEach(System.out::println);
        show(count + " rows");
    }

    private static List<Object> column(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(query)) {
            List<Object> values = new ArrayList<>();
            while (result.next()) values.add(result.getObject(1));
            return values;
        }
    }

    private static void run(Connection connection, String statement) throws SQLException {
        try (Statement one = connection.createStatement()) {
            one.execute(statement);
        }
    }

    // --- features ----------------------------------------------------------------------------------------------------

    private static void connect() throws Exception {
        for (String mode : List.of("disable", "prefer", "require")) {
            try (Connection connection = open(Map.of("sslmode", mode, "ApplicationName", "wire"))) {
                show(mode, connection.isValid(5), column(connection, "SHOW application_name"));
                DatabaseMetaData metaData = connection.getMetaData();
                show(metaData.getDatabaseProductName(), metaData.getDatabaseMajorVersion(), connection.getSchema());
            }
        }
        fails(() -> open(Map.of("password", "wrong")).close());
        try (Connection connection = open(Map.of("options", "-c search_path=reports -c statement_timeout=5000"))) {
            show(connection.getSchema(), column(connection, "SHOW statement_timeout"));
            connection.setSchema("public");
            show(connection.getSchema());
        }
    }

    private static void types(Connection connection) throws Exception {
        String query = "SELECT flag, small, whole, big, exact, single, twice, words, bytes, day, clock, moment, instant, span, ident, doc, ints, texts FROM all_types WHERE id > ? ORDER BY id";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            for (int round = 1; round <= 7; round++) {
                statement.setInt(1, 0);
                try (ResultSet result = statement.executeQuery()) {
                    StringBuilder all = new StringBuilder();
                    ResultSetMetaData metaData = result.getMetaData();
                    while (result.next()) {
                        for (int i = 1; i <= metaData.getColumnCount(); i++) {
                            all.append(metaData.getColumnTypeName(i)).append(' ').append(describe(result.getObject(i))).append('\n');
                        }
                        all.append(result.getObject("day", LocalDate.class)).append(' ').append(result.getObject("clock", LocalTime.class)).append(' ');
                        all.append(result.getObject("moment", LocalDateTime.class)).append(' ').append(result.getObject("instant", OffsetDateTime.class)).append(' ');
                        all.append(result.getString("single")).append(' ').append(result.getString("twice")).append(' ').append(result.getString("exact")).append('\n');
                    }
                    if (round == 1 || round == 7) System.out.print("round " + round + "\n" + all);
                }
            }
        }
    }

    private static void parameters(Connection connection) throws Exception {
        run(connection, "CREATE TABLE jdbc_bound (a integer, b bigint, c numeric(12,3), d text, e date, f timestamp, g uuid, h boolean, i bytea, j integer[], k double precision, l timestamptz, m time, n smallint)");
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc_bound VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            for (int round = 1; round <= 7; round++) {
                insert.setInt(1, round);
                insert.setLong(2, 1L << 60);
                insert.setBigDecimal(3, new BigDecimal("12.345"));
                insert.setString(4, "it's \\ ☃");
                insert.setDate(5, Date.valueOf("2024-02-29"));
                insert.setTimestamp(6, Timestamp.valueOf("2024-02-29 01:02:03.004005"));
                insert.setObject(7, new UUID(0, 5));
                insert.setBoolean(8, true);
                insert.setBytes(9, new byte[] {0, -1});
                insert.setArray(10, connection.createArrayOf("integer", new Object[] {1, null, 3}));
                insert.setDouble(11, 1e300);
                insert.setObject(12, OffsetDateTime.of(2024, 2, 29, 1, 2, 3, 4000, ZoneOffset.UTC));
                insert.setObject(13, LocalTime.of(1, 2, 3));
                insert.setShort(14, (short) -5);
                insert.executeUpdate();
            }
            for (int i = 1; i <= 14; i++) insert.setNull(i, i == 1 ? Types.INTEGER : Types.NULL);
            show(insert.executeUpdate());
        }
        show(column(connection, "SELECT count(*) FROM jdbc_bound"));
        try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery("SELECT DISTINCT b, c, d, e, f, g, h, i, j, k, l, m, n FROM jdbc_bound")) {
            printSorted(result, List.of());
        }
        try (PreparedStatement select = connection.prepareStatement("SELECT name FROM customers WHERE id = ? AND created_at >= ?")) {
            for (int round = 1; round <= 7; round++) {
                select.setInt(1, round);
                select.setTimestamp(2, Timestamp.valueOf("2024-01-01 00:00:00"));
                try (ResultSet result = select.executeQuery()) {
                    show(result.next() ? result.getString(1) : "none");
                }
            }
        }
        try (PreparedStatement select = connection.prepareStatement("SELECT ?::text, ?::integer, ? || 'x'")) {
            select.setString(1, "a");
            select.setInt(2, 4);
            select.setString(3, "b");
            try (ResultSet result = select.executeQuery()) {
                printSorted(result, List.of());
            }
        }
        run(connection, "DROP TABLE jdbc_bound");
    }

    private static void paging(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        for (int rows : new int[] {1010, 1000, 50, 51, 0}) {
            try (PreparedStatement statement = connection.prepareStatement("SELECT n, label FROM numbers WHERE n <= ? ORDER BY n")) {
                statement.setFetchSize(50);
                statement.setInt(1, rows);
                long sum = 0;
                int count = 0;
                String last = null;
                try (ResultSet result = statement.executeQuery()) {
                    while (result.next()) {
                        sum += result.getInt(1);
                        last = result.getString(2);
                        count += 1;
                        // Another statement on the connection while the first is only half read.
                        if (count % 50 == 0) column(connection, "SELECT count(*) FROM customers");
                    }
                }
                show(count, sum, last);
            }
        }
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(1000);
            statement.setMaxRows(2500);
            int count = 0;
            try (ResultSet result = statement.executeQuery("SELECT n FROM numbers ORDER BY n")) {
                while (result.next()) count += 1;
            }
            show(count);
        }
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(100);
            // With the first rows or with later ones: no server promises which of them an error comes before.
            fails(() -> {
                ResultSet result = statement.executeQuery("SELECT (CASE WHEN n = 90000 THEN 'x' ELSE '1' END)::integer FROM numbers ORDER BY n");
                while (result.next()) result.getInt(1);
            });
        }
        connection.rollback();
        show(column(connection, "SELECT 1"));
        connection.rollback();
    }

    private static void batch(Connection connection) throws Exception {
        run(connection, "CREATE TABLE jdbc_batch (a integer PRIMARY KEY, b text)");
        connection.setAutoCommit(false);
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc_batch VALUES (?, ?)")) {
            for (int i = 0; i < 500; i++) {
                insert.setInt(1, i);
                insert.setString(2, "v" + i);
                insert.addBatch();
            }
            int[] counts = insert.executeBatch();
            show(counts.length, Arrays.stream(counts).distinct().sorted().boxed().toList());
        }
        connection.commit();
        try (Statement statement = connection.createStatement()) {
            statement.addBatch("UPDATE jdbc_batch SET b = 'x' WHERE a < 10");
            statement.addBatch("DELETE FROM jdbc_batch WHERE a >= 490");
            show(statement.executeBatch());
        }
        connection.commit();
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc_batch VALUES (?, ?)")) {
            for (int i : new int[] {1000, 1, 1001}) {
                insert.setInt(1, i);
                insert.setString(2, "again");
                insert.addBatch();
            }
            try {
                insert.executeBatch();
            } catch (BatchUpdateException error) {
                show("error", error.getSQLState(), error.getUpdateCounts().length);
            }
        }
        connection.rollback();
        show(column(connection, "SELECT count(*) FROM jdbc_batch"));
        connection.setAutoCommit(true);
        run(connection, "DROP TABLE jdbc_batch");
    }

    private static void savepointReads(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        show(column(connection, "SELECT count(*) FROM customers"));
        Savepoint savepoint = connection.setSavepoint("one");
        fails(() -> column(connection, "SELECT * FROM missing"));
        connection.rollback(savepoint);
        show(column(connection, "SELECT count(*) FROM orders"));
        connection.releaseSavepoint(savepoint);
        Savepoint unnamed = connection.setSavepoint();
        show(column(connection, "SELECT 1"));
        connection.rollback(unnamed);
        connection.commit();
    }

    private static void savepointWrites(Connection connection) throws Exception {
        run(connection, "CREATE TABLE jdbc_saved (a integer)");
        connection.setAutoCommit(false);
        run(connection, "INSERT INTO jdbc_saved VALUES (1)");
        Savepoint savepoint = connection.setSavepoint("one");
        run(connection, "INSERT INTO jdbc_saved VALUES (2)");
        try {
            connection.rollback(savepoint);
        } catch (SQLException error) {
            show("error", error.getSQLState());
        }
        try {
            connection.commit();
        } catch (SQLException error) {
            show("error", error.getSQLState());
        }
        connection.setAutoCommit(true);
        show(column(connection, "SELECT a FROM jdbc_saved ORDER BY a"));
        run(connection, "DROP TABLE jdbc_saved");
    }

    private static void autosave(Connection connection) throws Exception {
        connection.setAutoCommit(false);
        show(column(connection, "SELECT count(*) FROM customers"));
        fails(() -> column(connection, "SELECT * FROM missing"));
        show(column(connection, "SELECT count(*) FROM orders"));
        connection.commit();
    }

    private static void generatedKeys(Connection connection) throws Exception {
        run(connection, "CREATE TABLE jdbc_keys (a integer PRIMARY KEY, b text DEFAULT 'made')");
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc_keys (a) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
            insert.setInt(1, 5);
            show(insert.executeUpdate());
            printSorted(insert.getGeneratedKeys(), List.of());
        }
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO jdbc_keys (a) VALUES (?)", new String[] {"b"})) {
            insert.setInt(1, 6);
            insert.executeUpdate();
            printSorted(insert.getGeneratedKeys(), List.of());
        }
        run(connection, "DROP TABLE jdbc_keys");
    }

    private static void readOnly(Connection connection) throws Exception {
        show(connection.getTransactionIsolation());
        connection.setReadOnly(true);
        fails(() -> run(connection, "CREATE TABLE jdbc_never (a integer)"));
        connection.setReadOnly(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        show(column(connection, "SHOW transaction_isolation"), connection.getTransactionIsolation());
        connection.setAutoCommit(false);
        connection.setReadOnly(true);
        show(column(connection, "SELECT count(*) FROM customers"));
        fails(() -> run(connection, "CREATE TABLE jdbc_never (a integer)"));
        connection.rollback();
    }

    private static void timeout(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            fails(() -> statement.executeQuery(ENDLESS));
        }
        try (Statement statement = connection.createStatement()) {
            Thread other = new Thread(() -> {
                try {
                    Thread.sleep(700);
                    statement.cancel();
                } catch (Exception error) {
                    show("cancel failed");
                }
            });
            other.start();
            fails(() -> statement.executeQuery(ENDLESS));
            other.join();
        }
        show(column(connection, "SELECT 1"), connection.isValid(2));
    }

    private static void errors(Connection connection) throws Exception {
        for (String text : List.of("SELECT * FROM missing", "SELECT nme FROM customers", "SELEC 1", "INSERT INTO customers (id, email, name) VALUES (1, 'x', 'y')", "INSERT INTO customers (id, email, name) VALUES (70, NULL, 'y')", "SELECT 'x'::integer", "CREATE TABLE customers (id integer)")) {
            fails(() -> run(connection, text));
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT 1 / ?")) {
            statement.setInt(1, 0);
            fails(statement::executeQuery);
        }
    }

    private static void copy(Connection connection) throws Exception {
        run(connection, "CREATE TABLE jdbc_copied (n integer, label text)");
        CopyManager manager = connection.unwrap(PGConnection.class).getCopyAPI();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        show(manager.copyOut("COPY (SELECT n, label FROM numbers ORDER BY n) TO STDOUT WITH (FORMAT csv)", out), out.size());
        show(manager.copyIn("COPY jdbc_copied FROM STDIN WITH (FORMAT csv)", new ByteArrayInputStream(out.toByteArray())));
        show(column(connection, "SELECT sum(n) FROM jdbc_copied"));
        fails(() -> manager.copyIn("COPY jdbc_copied FROM STDIN", new ByteArrayInputStream("x\ty\n".getBytes(StandardCharsets.UTF_8))));
        show(column(connection, "SELECT count(*) FROM jdbc_copied"));
        run(connection, "DROP TABLE jdbc_copied");
    }

    private static void resultMetaData(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery("SELECT c.id, o.amount AS money, o.note, count(*) OVER () AS n, c.name || 'x' AS made FROM customers c JOIN orders o ON o.customer_id = c.id")) {
            ResultSetMetaData metaData = result.getMetaData();
            for (int i = 1; i <= metaData.getColumnCount(); i++) {
                show(metaData.getColumnLabel(i), metaData.getColumnType(i), metaData.getColumnTypeName(i), metaData.getColumnClassName(i), metaData.getPrecision(i), metaData.getScale(i), metaData.getColumnDisplaySize(i), metaData.isSigned(i));
                show(metaData.getTableName(i), metaData.getSchemaName(i), metaData.isNullable(i), metaData.isAutoIncrement(i), metaData.unwrap(PGResultSetMetaData.class).getBaseColumnName(i));
            }
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT id, name FROM customers WHERE id = ?")) {
            ResultSetMetaData metaData = statement.getMetaData();
            show(metaData.getColumnCount(), metaData.getColumnName(1), metaData.getColumnTypeName(2));
        }
    }

    private static void parameterMetaData(Connection connection) throws Exception {
        try (PreparedStatement statement = connection.prepareStatement("INSERT INTO orders (id, placed_on, amount, note) VALUES (?, ?, ?, ?)")) {
            ParameterMetaData metaData = statement.getParameterMetaData();
            for (int i = 1; i <= metaData.getParameterCount(); i++) show(metaData.getParameterTypeName(i), metaData.getParameterType(i));
        }
        try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM customers WHERE id = ? AND name = ?")) {
            ParameterMetaData metaData = statement.getParameterMetaData();
            show(metaData.getParameterTypeName(1), metaData.getParameterTypeName(2));
        }
    }

    private static void updatable(Connection connection) throws Exception {
        run(connection, "CREATE TABLE jdbc_updated (a integer PRIMARY KEY, b text)");
        run(connection, "INSERT INTO jdbc_updated VALUES (1, 'x')");
        try (Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE); ResultSet result = statement.executeQuery("SELECT a, b FROM jdbc_updated")) {
            show(result.last(), result.getRow(), result.first());
            result.updateString(2, "changed");
            result.updateRow();
            result.moveToInsertRow();
            result.updateInt("a", 2);
            result.updateString("b", "added");
            result.insertRow();
        }
        show(column(connection, "SELECT b FROM jdbc_updated ORDER BY a"));
        try (Statement statement = connection.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_UPDATABLE); ResultSet result = statement.executeQuery("SELECT * FROM public.jdbc_updated WHERE a = 1")) {
            while (result.next()) result.deleteRow();
        }
        show(column(connection, "SELECT b FROM jdbc_updated"));
        run(connection, "DROP TABLE jdbc_updated");
    }

    private static void severalResults(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            boolean isResult = statement.execute("SELECT 1; CREATE TABLE jdbc_multi (a integer); INSERT INTO jdbc_multi VALUES (1), (2); SELECT a FROM jdbc_multi; DROP TABLE jdbc_multi");
            while (isResult || statement.getUpdateCount() != -1) {
                if (isResult) printSorted(statement.getResultSet(), List.of());
                else show("count", statement.getUpdateCount());
                isResult = statement.getMoreResults();
            }
        }
    }

    /** A server has other databases beside this one, a workspace has not. */
    private static void catalogs(Connection connection) throws Exception {
        try (ResultSet result = connection.getMetaData().getCatalogs()) {
            ResultSetMetaData metaData = result.getMetaData();
            show(metaData.getColumnCount(), metaData.getColumnLabel(1), metaData.getColumnTypeName(1));
            List<String> names = new ArrayList<>();
            while (result.next()) names.add(result.getString("TABLE_CAT"));
            show(names.contains(DATABASE), names.contains(connection.getCatalog()));
        }
    }

    private static void databaseFacts(Connection connection) throws Exception {
        DatabaseMetaData metaData = connection.getMetaData();
        show(metaData.getIdentifierQuoteString(), metaData.getMaxColumnNameLength(), metaData.getMaxColumnsInIndex(), metaData.getDefaultTransactionIsolation());
        show(metaData.getSQLKeywords());
        show(metaData.supportsSavepoints(), metaData.supportsBatchUpdates(), metaData.supportsGetGeneratedKeys(), metaData.getSchemaTerm());
    }
}

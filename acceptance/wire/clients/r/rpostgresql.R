# R with RPostgreSQL, the PostgreSQL driver that Debian packages for R.
suppressPackageStartupMessages(library(RPostgreSQL))

connect <- function() {
  dbConnect(PostgreSQL(),
    host = Sys.getenv("PGHOST"), port = as.integer(Sys.getenv("PGPORT")), dbname = Sys.getenv("PGDATABASE"),
    user = Sys.getenv("PGUSER"), password = Sys.getenv("PGPASSWORD")
  )
}

wanted <- commandArgs(trailingOnly = TRUE)
feature <- function(name, work) {
  if (length(wanted) > 0 && !(name %in% wanted)) return(invisible())
  cat("===", name, "\n")
  connection <- NULL
  tryCatch(
    {
      setTimeLimit(elapsed = 30, transient = TRUE)
      connection <- connect()
      work(connection)
    },
    error = function(error) {
      message(conditionMessage(error))
      cat("!!! error\n")
    }
  )
  if (!is.null(connection)) try(dbDisconnect(connection), silent = TRUE)
}
show_frame <- function(frame) {
  cat(names(frame), sep = " | ")
  cat("\n")
  cat(vapply(frame, function(column) class(column)[1], ""), sep = " | ")
  cat("\n")
  for (row in seq_len(nrow(frame))) {
    cat(vapply(frame, function(column) format(column[row], digits = 15), ""), sep = " | ")
    cat("\n")
  }
}

feature("connect", function(connection) {
  info <- dbGetInfo(connection)
  cat(substr(info$serverVersion, 1, 2), info$dbname == Sys.getenv("PGDATABASE"), info$protocolVersion, "\n")
  cat(dbGetQuery(connection, "SHOW server_encoding")[1, 1], "\n")
  wrong <- suppressWarnings(try(dbConnect(PostgreSQL(), host = Sys.getenv("PGHOST"), port = as.integer(Sys.getenv("PGPORT")), dbname = Sys.getenv("PGDATABASE"), user = Sys.getenv("PGUSER"), password = "wrong"), silent = TRUE))
  cat(class(wrong)[1], "\n")
})

feature("tables", function(connection) {
  cat(sort(dbListTables(connection)), "\n")
  cat(dbExistsTable(connection, "orders"), dbExistsTable(connection, "missing"), "\n")
  cat(dbListFields(connection, "customers"), "\n")
})

feature("read-table", function(connection) {
  show_frame(dbReadTable(connection, "orders"))
})

feature("all-types", function(connection) {
  show_frame(suppressWarnings(dbGetQuery(connection, "SELECT id, flag, small, whole, big, exact, single, twice, words, day, moment FROM all_types WHERE id <> 2 ORDER BY id")))
})

feature("fetch-in-parts", function(connection) {
  result <- dbSendQuery(connection, "SELECT n FROM numbers ORDER BY n")
  part <- fetch(result, n = 1000)
  cat(nrow(part), sum(part$n), dbHasCompleted(result), "\n")
  rest <- fetch(result, n = -1)
  cat(nrow(rest), sum(as.numeric(rest$n)), dbHasCompleted(result), "\n")
  info <- dbColumnInfo(result)
  show_frame(info[, c("name", "Sclass", "type")])
  dbClearResult(result)
})

feature("write-table", function(connection) {
  frame <- data.frame(n = 1:3, x = c(1.5, NA, 3), t = c("a", NA, "\u010d \u2603"), yes = c(TRUE, FALSE, NA), stringsAsFactors = FALSE)
  cat(dbWriteTable(connection, "r_frame", frame, row.names = FALSE), "\n")
  show_frame(dbReadTable(connection, "r_frame"))
  cat(dbWriteTable(connection, "r_frame", frame, append = TRUE, row.names = FALSE), "\n")
  cat(dbGetQuery(connection, "SELECT count(*) AS n, count(x) AS x FROM r_frame")[1, ] |> unlist(), "\n")
  cat(dbRemoveTable(connection, "r_frame"), dbExistsTable(connection, "r_frame"), "\n")
})

feature("parameters", function(connection) {
  show_frame(dbGetQuery(connection, "SELECT id, name FROM customers WHERE id > $1 ORDER BY id", 1))
  show_frame(dbGetQuery(connection, "SELECT $1::integer + 1 AS n, $2::text AS t", c("41", "it's")))
})

feature("transactions", function(connection) {
  dbGetQuery(connection, "CREATE TABLE r_moved (a integer)")
  dbBegin(connection)
  dbGetQuery(connection, "INSERT INTO r_moved VALUES (1)")
  dbRollback(connection)
  dbBegin(connection)
  dbGetQuery(connection, "INSERT INTO r_moved VALUES (2)")
  dbCommit(connection)
  show_frame(dbGetQuery(connection, "SELECT a FROM r_moved"))
  dbRemoveTable(connection, "r_moved")
})

feature("savepoints", function(connection) {
  dbBegin(connection)
  dbGetQuery(connection, "SAVEPOINT one")
  failed <- suppressWarnings(try(dbGetQuery(connection, "SELECT * FROM missing"), silent = TRUE))
  cat(is.data.frame(failed), "\n")
  dbGetQuery(connection, "ROLLBACK TO SAVEPOINT one")
  show_frame(dbGetQuery(connection, "SELECT count(*) AS n FROM customers"))
  dbCommit(connection)
})

feature("errors", function(connection) {
  for (statement in c("SELECT * FROM missing", "SELEC 1", "SELECT 1 AS one")) {
    result <- suppressWarnings(try(dbGetQuery(connection, statement), silent = TRUE))
    cat(if (is.data.frame(result)) result$one else "failed", "\n")
  }
})

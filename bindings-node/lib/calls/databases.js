'use strict'

// SQL statements that an application sends.

const { EventEmitter } = require('node:events')
const { isBuiltin } = require('node:module')
const { onModule } = require('../modules')
const { emitError, refuseSync, wrap } = require('./judge')

/** The statement, which is text, or in an object of the driver. */
const statement = (system, field) => (given) => {
  const text = typeof given === 'object' && given !== null ? given[field] : given
  return typeof text === 'string' ? { 'server.db.statement': text, 'server.db.system': system } : undefined
}

/** Fails by a callback: one given, or that of an object of the driver; else by a promise. */
function refusePg (error, args) {
  const [query] = args
  const callback = args.find((argument) => typeof argument === 'function') ?? query?.callback
  if (typeof query?.submit === 'function') {
    process.nextTick(() => query.handleError(error, this.connection))
    return query
  }
  if (typeof callback !== 'function') return Promise.reject(error)
  process.nextTick(callback, error)
  return undefined
}

function refuseMysql (error, args) {
  const [query] = args
  const callback = args.find((argument) => typeof argument === 'function') ?? query?.onResult
  const emitter = query instanceof EventEmitter ? query : new EventEmitter()
  if (typeof callback === 'function') process.nextTick(callback, error)
  else emitError(emitter, error)
  return emitter
}

/** Fails by the last callback, or by an event of the database. */
function refuseSqlite3 (error, args) {
  const callback = args.findLast((argument) => typeof argument === 'function')
  if (callback === undefined) emitError(this, error)
  else process.nextTick(callback, error)
  return this
}

/** A statement of `sqlite3` that could not be prepared: all that is done with it fails. */
function refusedStatement (error, args) {
  const refused = new EventEmitter()
  for (const name of ['bind', 'reset', 'run', 'get', 'all', 'each', 'map']) {
    refused[name] = (...given) => refuseSqlite3.call(refused, error, given)
  }
  refused.finalize = (callback) => { if (typeof callback === 'function') process.nextTick(callback) }
  refuseSqlite3.call(refused, error, args)
  return refused
}

/**
 * Node's own driver is loaded now, as ES modules get it without a call that could be watched. The notice that it is experimental
 * would be about something that the application may not use.
 */
function wrapBuiltinSqlite () {
  if (!isBuiltin('node:sqlite')) return
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    const { DatabaseSync } = require('node:sqlite')
    for (const name of ['prepare', 'exec']) wrap(DatabaseSync.prototype, name, statement('sqlite', 'source'), refuseSync)
  } finally {
    process.emitWarning = emitWarning
  }
}

function wrapDatabases () {
  wrapBuiltinSqlite()
  onModule('pg', (pg) => {
    if (typeof pg.Client?.prototype?.query !== 'function') return false
    wrap(pg.Client.prototype, 'query', statement('postgresql', 'text'), refusePg)
    // A pool may send the statement later, when another request gives a connection back.
    wrap(Object.getPrototypeOf(pg.Pool.prototype), 'query', statement('postgresql', 'text'), refusePg)
    return true
  })
  onModule('mysql2', (mysql) => {
    if (typeof mysql.Connection?.prototype?.query !== 'function') return false
    for (const owner of [mysql.Connection.prototype, mysql.Pool?.prototype]) {
      for (const name of ['query', 'execute']) wrap(owner, name, statement('mysql', 'sql'), refuseMysql)
    }
    return true
  })
  onModule('better-sqlite3', (Database) => {
    if (typeof Database.prototype?.prepare !== 'function') return false
    for (const name of ['prepare', 'exec']) wrap(Database.prototype, name, statement('sqlite', 'source'), refuseSync)
    return true
  })
  onModule('sqlite3', ({ Database }) => {
    if (typeof Database?.prototype?.run !== 'function') return false
    for (const name of ['run', 'get', 'all', 'each', 'map', 'exec']) wrap(Database.prototype, name, statement('sqlite', 'sql'), refuseSqlite3)
    wrap(Database.prototype, 'prepare', statement('sqlite', 'sql'), refusedStatement)
    return true
  })
}

module.exports = { wrapDatabases }

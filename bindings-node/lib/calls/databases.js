'use strict'

// SQL statements that an application sends.

const { EventEmitter } = require('node:events')
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

function wrapDatabases () {
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
}

module.exports = { wrapDatabases }

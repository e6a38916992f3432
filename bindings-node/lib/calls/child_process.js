'use strict'

// Processes and shell commands that an application starts.

const childProcess = require('node:child_process')
const { PassThrough } = require('node:stream')
const { promisify } = require('node:util')
const { reads } = require('./fs')
const { emitError, refuseAsync, refuseSync, wrap } = require('./judge')

const shell = (command) => typeof command === 'string' ? { 'server.sys.shell.cmd': command } : undefined

/** A program with its arguments; with the option `shell`, they are joined to a command. */
function program (file, ...rest) {
  const args = Array.isArray(rest[0]) ? rest[0] : []
  const options = rest.find((argument) => typeof argument === 'object' && argument !== null && !Array.isArray(argument))
  const words = [file, ...args].map(String)
  return options?.shell ? shell(words.join(' ')) : { 'server.sys.exec.cmd': words }
}

/** A module that runs in a process of its own. */
function runModule (file, args) {
  const opened = reads(file)
  const started = program(process.execPath, [file, ...(Array.isArray(args) ? args : [])])
  return opened === undefined ? started : [opened, started]
}

/** A process that could not be started. */
function refusedChild (error, args) {
  const child = new childProcess.ChildProcess()
  child.stdin = new PassThrough().resume()
  for (const name of ['stdout', 'stderr']) child[name] = new PassThrough().end()
  child.stdio = [child.stdin, child.stdout, child.stderr]
  const callback = args.findLast((argument) => typeof argument === 'function')
  if (callback !== undefined) {
    process.nextTick(callback, error, '', '')
  } else {
    emitError(child, error)
    setImmediate(() => { child.emit('exit', 126, null); child.emit('close', 126, null) })
  }
  return child
}

function wrapProcesses () {
  for (const [name, describe] of [['exec', shell], ['execFile', program]]) {
    wrap(childProcess, name, describe, refusedChild)
    const wrapped = childProcess[name]
    if (typeof wrapped[promisify.custom] === 'function') {
      const own = { run: wrapped[promisify.custom] }
      wrap(own, 'run', describe, refuseAsync)
      Object.defineProperty(wrapped, promisify.custom, { value: own.run, configurable: true })
    }
  }
  wrap(childProcess, 'spawn', program, refusedChild)
  wrap(childProcess, 'fork', runModule, refusedChild)
  wrap(childProcess, 'execSync', shell, refuseSync)
  for (const name of ['execFileSync', 'spawnSync']) wrap(childProcess, name, program, refuseSync)
}

module.exports = { wrapProcesses }

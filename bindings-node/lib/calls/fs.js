'use strict'

// Files that an application opens, lists, changes or removes.

const fs = require('node:fs')
const { Readable, Writable } = require('node:stream')
const { fileURLToPath } = require('node:url')
const { refuseAsync, refuseCallback, refuseSync, wrap } = require('./judge')

/** Functions that take one path, and those that take two. */
const READING = [
  'access', 'lstat', 'open', 'opendir', 'readFile', 'readdir', 'readlink', 'realpath', 'stat', 'statfs', 'watch', 'watchFile', 'exists'
]
const WRITING = [
  'appendFile', 'chmod', 'chown', 'lchown', 'lutimes', 'mkdir', 'mkdtemp', 'rm', 'rmdir', 'truncate', 'unlink', 'utimes', 'writeFile'
]
const MOVING = ['copyFile', 'cp', 'link', 'rename', 'symlink']

/** Flags of `open` that change a file. */
const CHANGES = fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_TRUNC | fs.constants.O_APPEND

/** The text of a path that may lead elsewhere. One below the working directory does not. */
function pathOf (path) {
  let text = path
  if (Buffer.isBuffer(path)) {
    text = path.toString()
  } else if (path instanceof URL) {
    try {
      text = fileURLToPath(path)
    } catch {
      return undefined
    }
  }
  if (typeof text !== 'string') return undefined
  return text.startsWith('/') || text.includes('..') || /^[a-z]:|^\\|^file:/i.test(text) ? text : undefined
}

const reads = (path) => {
  const text = pathOf(path)
  return text === undefined ? undefined : { 'server.io.fs.file': text }
}
const writes = (path) => {
  const text = pathOf(path)
  return text === undefined ? undefined : { 'server.io.fs.file': text, 'server.io.fs.file_write': text }
}
const moves = (from, to) => [reads(from), writes(to)].filter((addresses) => addresses !== undefined)
const opens = (path, flags) => {
  const changes = typeof flags === 'number' ? (flags & CHANGES) !== 0 : typeof flags === 'string' && /[wa+]/.test(flags)
  return changes ? writes(path) : reads(path)
}

const failed = (Stream, methods) => (error) => {
  const stream = new Stream(methods)
  process.nextTick(() => stream.destroy(stream.listenerCount('error') > 0 ? error : undefined))
  return stream
}
const failedReading = failed(Readable, { read () {} })
const failedWriting = failed(Writable, { write (piece, encoding, done) { done() } })

function wrapFiles () {
  for (const [names, describe] of [[READING, reads], [WRITING, writes], [MOVING, moves]]) {
    for (const name of names) {
      const of = name === 'open' ? opens : describe
      const watches = name === 'watch' || name === 'watchFile'
      wrap(fs, name, of, watches ? refuseSync : name === 'exists' ? refuseExists : refuseCallback)
      wrap(fs, `${name}Sync`, of, name === 'exists' ? () => false : refuseSync)
      if (!watches) wrap(fs.promises, name, of, refuseAsync)
    }
  }
  wrap(fs, 'createReadStream', (path, options) => options?.fd === undefined ? reads(path) : undefined, failedReading)
  wrap(fs, 'createWriteStream', (path, options) => options?.fd === undefined ? writes(path) : undefined, failedWriting)
  wrap(fs, 'openAsBlob', reads, refuseAsync)
}

/** Nothing that may not be opened exists. */
function refuseExists (error, args) {
  process.nextTick(args[1], false)
}

module.exports = { reads, wrapFiles }

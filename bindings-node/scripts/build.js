'use strict'

// Builds the native half with cargo and puts it where index.js looks for it.
// BARTIZAN_PROFILE names another cargo profile than `release`.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const root = path.join(__dirname, '..')
const profile = process.env.BARTIZAN_PROFILE || 'release'
const crate = ['--locked', '--profile', profile, '-p', 'bartizan-node', '--lib']
const scripts = path.join(root, '..', 'tests', 'scripts')
const LEFT_OUT = 77

function run (command, ...given) {
  const built = spawnSync(command, [...given, ...crate, '--message-format', 'json-render-diagnostics'], {
    cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 28
  })
  if (built.error) throw built.error
  return built
}

/** What ships holds no paths of this machine, and runs on old systems if the tools for that can be installed. */
function ship () {
  const target = `${os.machine()}-unknown-linux-gnu.2.17`
  const built = run(path.join(scripts, 'portable'), 'cargo', 'zigbuild', '--target', target)
  return built.status === LEFT_OUT ? run(path.join(scripts, 'shipped'), 'cargo', 'rustc') : built
}

const built = profile === 'release' && process.platform !== 'win32' ? ship() : run('cargo', 'rustc')
if (built.status !== 0) process.exit(built.status ?? 1)

const library = built.stdout
  .split('\n')
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line))
  .filter((message) => message.reason === 'compiler-artifact' && message.target.name === 'bartizan_node')
  .flatMap((message) => message.filenames)
  .find((name) => /\.(so|dylib|dll)$/.test(name))
if (!library) throw new Error('cargo did not say where it put the library')

// A new file instead of new bytes in the old one, which a running process may have mapped.
const target = path.join(root, 'bartizan.node')
fs.copyFileSync(library, `${target}.new`)
fs.renameSync(`${target}.new`, target)
// npm packs what is in this folder, and no links out of it.
for (const name of ['LICENSE', 'LICENSE-3rdparty']) {
  fs.copyFileSync(path.join(root, '..', name), path.join(root, name))
}
console.log(`${path.relative(process.cwd(), target)}: ${fs.statSync(target).size} bytes`)

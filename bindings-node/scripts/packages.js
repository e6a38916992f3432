'use strict'

// Makes the packages that are published: `node scripts/packages.js FOLDER [NODE-FILE PLATFORM]...`
//
// The main package holds no native code and names a package for each platform as an optional dependency, of which npm
// installs the one that fits; each of those holds one file. Without names of files, that of the last build is packed, for this
// platform. The package for tracers comes with them.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

/** Platforms, with what npm compares. */
const PLATFORMS = {
  'linux-x64-gnu': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
  'linux-x64-musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
  'linux-arm64-gnu': { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
  'linux-arm64-musl': { os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
  'darwin-x64': { os: ['darwin'], cpu: ['x64'] },
  'darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
  'win32-x64-msvc': { os: ['win32'], cpu: ['x64'] }
}

const root = path.join(__dirname, '..')
const top = path.join(root, '..')
const main = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
const { version, license, engines } = main

const without = (object, names) => Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))

/** Packs a folder with these files. */
function pack (folder, manifest, copy) {
  const staged = fs.mkdtempSync(path.join(os.tmpdir(), 'bartizan-pack-'))
  try {
    copy(staged)
    for (const name of ['LICENSE', 'LICENSE-3rdparty']) fs.copyFileSync(path.join(top, name), path.join(staged, name))
    fs.writeFileSync(path.join(staged, 'package.json'), JSON.stringify(manifest, null, 2))
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: staged, encoding: 'utf8' })
    const file = path.join(folder, packed.trim())
    console.log(`${file}: ${fs.statSync(file).size} bytes`)
  } finally {
    fs.rmSync(staged, { recursive: true })
  }
}

const [out, ...named] = process.argv.slice(2)
if (out === undefined || named.length % 2 !== 0) throw new Error('packages.js FOLDER [NODE-FILE PLATFORM]...')
const folder = path.resolve(out)
fs.mkdirSync(folder, { recursive: true })
const built = named.length > 0 ? named : [path.join(root, 'bartizan.node'), 'linux-x64-gnu']

pack(folder, {
  ...without(main, ['private', 'devDependencies', 'scripts']),
  files: main.files.filter((name) => name !== 'bartizan.node'),
  optionalDependencies: Object.fromEntries(Object.keys(PLATFORMS).map((platform) => [`bartizan-${platform}`, version]))
}, (staged) => {
  for (const name of ['index.js', 'index.d.ts', 'types', 'lib', 'README.md']) {
    fs.cpSync(path.join(root, name), path.join(staged, name), { recursive: true })
  }
})
for (let nth = 0; nth < built.length; nth += 2) {
  const [file, platform] = built.slice(nth, nth + 2)
  if (!(platform in PLATFORMS)) throw new Error(`no such platform: ${platform}`)
  const name = `bartizan-${platform}`
  const description = `The native half of bartizan for ${platform}`
  pack(folder, { name, version, description, license, engines, ...PLATFORMS[platform], main: 'bartizan.node' }, (staged) => {
    fs.copyFileSync(file, path.join(staged, 'bartizan.node'))
  })
}
const tracer = path.join(root, 'native-appsec')
pack(folder, without(JSON.parse(fs.readFileSync(path.join(tracer, 'package.json'), 'utf8')), ['private']), (staged) => {
  for (const name of ['index.js', 'index.d.ts', 'README.md']) fs.copyFileSync(path.join(tracer, name), path.join(staged, name))
})

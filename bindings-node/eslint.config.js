'use strict'

const js = require('@eslint/js')

const node = {
  require: 'readonly',
  module: 'writable',
  process: 'readonly',
  Buffer: 'readonly',
  URL: 'readonly',
  URLSearchParams: 'readonly',
  Headers: 'readonly',
  console: 'readonly',
  fetch: 'readonly',
  setImmediate: 'readonly',
  setInterval: 'readonly',
  setTimeout: 'readonly',
  clearInterval: 'readonly',
  clearTimeout: 'readonly',
  AbortController: 'readonly',
  __dirname: 'readonly',
  __filename: 'readonly'
}

module.exports = [
  { ignores: ['node_modules/', 'tests/types.ts'] },
  js.configs.recommended,
  { files: ['**/*.mjs'], languageOptions: { globals: node } },
  {
    files: ['**/*.js'],
    languageOptions: { ecmaVersion: 2023, sourceType: 'commonjs', globals: node },
    rules: { 'prefer-const': 'error', 'no-var': 'error', eqeqeq: 'error', 'no-shadow': 'error' }
  }
]

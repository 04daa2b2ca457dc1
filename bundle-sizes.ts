// Tells a person how large the bundled Worker is, and what makes it so.
import { gzipSync } from 'node:zlib'
import type { Script } from './bundle.ts'

/** In bytes, compressed as `wrangler deploy` reports it: all scripts as one. */
function gzipBytes(scripts: readonly Pick<Script, 'code'>[]): number {
  return gzipSync(scripts.map(({ code }) => code).join('')).length
}

const kib = (bytes: number) => `${(bytes / 1024).toFixed(1).padStart(7)} KiB`

/** How large it is when it starts, and in all. */
export function describeSize(scripts: readonly Script[]): string {
  const eager = scripts.filter(({ isEager }) => isEager)
  return [`gzip at start ${kib(gzipBytes(eager))}`, `gzip in all   ${kib(gzipBytes(scripts))}`].join('\n')
}

/** And what makes it so: each script, and what is left of each package and folder before it is minified. */
export function describeParts(scripts: readonly Script[]): string {
  const rows = scripts
    .toSorted((left, right) => Number(right.isEager) - Number(left.isEager) || right.code.length - left.code.length)
    .map((script) => {
      const when = script.isEager ? 'at start   ' : 'when needed'
      return `${kib(script.code.length)} ${kib(gzipBytes([script]))}  ${when}  ${script.name}`
    })
  const parts = new Map<string, { start: number; later: number }>()
  for (const script of scripts) {
    for (const [file, length] of script.parts) {
      const name = partOf(file)
      const part = parts.get(name) ?? { start: 0, later: 0 }
      part[script.isEager ? 'start' : 'later'] += length
      parts.set(name, part)
    }
  }
  const partRows = [...parts]
    .sort(([, left], [, right]) => right.start + right.later - left.start - left.later)
    .map(([name, { start, later }]) => `${kib(start)} ${kib(later)}  ${name}`)
  return ['   minified        gzip', ...rows, '', '   at start when needed', ...partRows].join('\n')
}

/** The package, or the folder of the project. */
function partOf(file: string): string {
  const names = file.split('/')
  const packageAt = names.lastIndexOf('node_modules')
  if (packageAt >= 0)
    return names.slice(packageAt, packageAt + (names[packageAt + 1]?.startsWith('@') ? 3 : 2)).join('/')
  return names
    .slice(0, names[1] === 'mapping' ? 3 : 2)
    .filter((name) => !name.includes('.'))
    .join('/')
}

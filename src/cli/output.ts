// How the commands speak: data on standard output, all else on standard error, and failures with their remedy.
import { BridgeError } from '../errors.ts'

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(data: unknown): void {
  print(JSON.stringify(data, null, 2))
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Rows in aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((found, row) => row.map((cell, at) => Math.max(found[at] ?? 0, cell.length)), [])
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Tells what went wrong and what to do; answers the exit code. What is not the world's fault is thrown on. */
export function reportFailure(error: unknown): number {
  if (!(error instanceof BridgeError)) throw error
  say(error.message)
  if (error.remedy !== undefined) say(error.remedy)
  return 1
}

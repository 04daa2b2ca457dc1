// `mapping check --watch`: checks the mapping again whenever one of its files changes.
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { checkFiles } from '../load-mapping.ts'
import { runExamples } from '../mapping/run/examples.ts'
import { readLayers, readMappingFiles } from '../node/mapping-files.ts'
import { MAPPINGS } from './mapping-folder.ts'
import { type Results, resultData, resultText } from './mapping-results.ts'
import { print } from './output.ts'
import { watchFolders } from './watch-folders.ts'

/** Clears the screen and what scrolled off it. */
const CLEAR = '\x1b[2J\x1b[3J\x1b[H'

/** Tells the results now and after each change, until SIGINT; then the exit code is 0. */
export async function watchMapping(layer: string | undefined, format: 'text' | 'json'): Promise<number> {
  let seen: string | undefined
  let folders: readonly string[] = [MAPPINGS]
  const look = () => {
    const read = readAll(layer)
    if (read === undefined) return folders
    const { files, found, all } = read
    // Editors touch files without changing them, and write others beside them.
    const now = JSON.stringify([all, found.diagnostics])
    if (now !== seen) show(resultsOf(files, found), format)
    seen = now
    folders = foldersOf(read)
    return folders
  }
  const watching = watchFolders(look)
  await new Promise<void>((resolve) => process.once('SIGINT', () => resolve()))
  watching.close()
  return 0
}

/** Undefined while a file of the default mapping goes away under it, which the next change tells. */
function readAll(layer: string | undefined) {
  try {
    const files = readMappingFiles()
    const found = readLayers(layer)
    return { files, found, all: [...files, ...found.layers] }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

type Read = NonNullable<ReturnType<typeof readAll>>

/** Those of the default mapping, of the layers, and of the layers that are not there. */
const foldersOf = ({ files, found }: Read): string[] => [
  MAPPINGS,
  ...files.map(({ path }) => dirname(join(MAPPINGS, '..', path))),
  ...(found.tried ?? []).flatMap((path) => [path, realPath(path)]).map((path) => dirname(path)),
]

/** A layer may be a link to a file of another folder, where it is changed. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** The examples are those of the nearest layer, without one those of the default mapping. */
function resultsOf(files: Read['files'], found: Read['found']): Results {
  const { mapping, diagnostics } = checkFiles(files, found)
  const all = [...files, ...found.layers]
  return { files: all, diagnostics, ...(mapping && { examples: runExamples(mapping) }) }
}

function show(results: Results, format: 'text' | 'json'): void {
  if (format === 'json') {
    // A line each, so that a program sees where one result ends.
    print(JSON.stringify(resultData(results)))
    return
  }
  const text = [resultText(results), lastLine(results)].filter((part) => part !== '').join('\n')
  print(process.stdout.isTTY ? `${CLEAR}${text}` : `${text}\n`)
}

function lastLine({ diagnostics, examples = [] }: Results): string {
  if (diagnostics.length > 0) return diagnostics.length === 1 ? '1 mistake.' : `${diagnostics.length} mistakes.`
  const held = examples.filter(({ ok }) => ok).length
  const count = `${held} of ${examples.length} examples hold.`
  return held === examples.length ? `ok, ${count}` : count
}

// Three of the district examples over each other, as files in a folder.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const DISTRICTS = join(import.meta.dirname, '..', '..', 'mappings', 'districts')

/** The path of the topmost one. */
export function stackLayers(folder: string): string {
  let below = 'default'
  for (const name of ['greenfield', 'user-flags', 'one-school-out']) {
    const path = `${name}.layer.yaml`
    const text = readFileSync(join(DISTRICTS, `${name}.yaml`), 'utf8')
    writeFileSync(join(folder, path), text.replace(/^extends: .*$/m, `extends: ${below}`))
    below = path
  }
  return join(folder, below)
}

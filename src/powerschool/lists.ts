// Tells which lists a source consists of: one for each parent and each value of its `q`.

import { BridgeError } from '../errors.ts'
import type { Query } from './ask.ts'
import type { CrawlStore, RestSource } from './crawl-ports.ts'

export interface List {
  readonly source: string
  /** Stable between runs: '3' (the parent), '2026' (a value in `q`), '3;2026', or 'all'. */
  readonly list: string
  readonly path: string
  /** Where PowerSchool answers for the parent itself: '/ws/v1/section/123'. */
  readonly parentPath?: string
  readonly rows: string
  readonly keyPath: string
  readonly isSingle: boolean
  /** What narrows the list; `/count` takes it too. */
  readonly filter: Query
  /** What widens its rows. */
  readonly detail: Query
}

/** Lists that are made between two pauses. */
const SLICE_LISTS = 1_000

/** In the parents' order. Refuses with `settings-invalid` when a setting of `q` has no value; an empty list gives no lists. */
export async function listsOf(source: RestSource, store: CrawlStore, pause: () => Promise<void>): Promise<List[]> {
  const { name, get, rows, keyPath, isSingle, parent, expand, extend } = source
  const detail: Query = {
    ...(expand.length === 0 ? {} : { expansions: expand.join(',') }),
    ...(extend.length === 0 ? {} : { extensions: extend.join(',') }),
  }
  const filters = filtersOf(source, store)
  const parents = parent === undefined ? [undefined] : new Set(await store.parentValues(parent.placeholder))
  const lists: List[] = []
  for (const value of parents) {
    const { path, ...ofParent } = pathsOf(get, parent?.placeholder, value)
    for (const { values, filter } of filters) {
      const list = [...(value === undefined ? [] : [value]), ...values].join(';') || 'all'
      lists.push({ source: name, list, path, ...ofParent, rows, keyPath, isSingle, filter, detail })
      if (lists.length % SLICE_LISTS === 0) await pause()
    }
  }
  return lists
}

function pathsOf(get: string, placeholder: string | undefined, value: string | number | undefined) {
  if (placeholder === undefined || value === undefined) return { path: get }
  const [before = '', ...after] = get.split(`{${placeholder}}`)
  const parentPath = `${before}${encodeURIComponent(value)}`
  return { path: `${parentPath}${after.join('')}`, parentPath }
}

interface Filter {
  readonly values: readonly string[]
  readonly filter: Query
}

function filtersOf({ name, q }: RestSource, store: CrawlStore): readonly Filter[] {
  if (q === undefined) return [{ values: [], filter: {} }]
  return filled(q, [], name, store).map(({ values, text }) => ({ values, filter: { q: text } }))
}

interface Filled {
  readonly values: readonly string[]
  readonly text: string
}

function filled(text: string, values: readonly string[], source: string, store: CrawlStore): Filled[] {
  const found = /\{settings\.([\w.]+)\}/.exec(text)
  if (found === null) return [{ values, text }]
  const [placeholder, setting = ''] = found
  return valuesOf(store.setting(setting), setting, source).flatMap((value) =>
    filled(
      text.replace(placeholder, () => value),
      [...values, value],
      source,
      store,
    ),
  )
}

function valuesOf(told: unknown, setting: string, source: string): readonly string[] {
  const values: readonly unknown[] = Array.isArray(told) ? told : [told]
  return values.map((value) => {
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value)
    throw new BridgeError(
      'settings-invalid',
      `The setting ${setting}, which the q of source ${source} asks for, has no value.`,
      {
        remedy: `Give settings.${setting} a text, a number or a list of them in the mapping.`,
      },
    )
  })
}

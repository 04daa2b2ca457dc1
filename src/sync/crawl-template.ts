// By which template PowerSchool is read: the one that is set, or the better one that the plugin allows.
import { BridgeError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Mapping } from '../mapping/run/compile.ts'
import type { PowerSchoolClient } from '../powerschool/client.ts'
import type { CrawlProgressReport } from '../powerschool/crawl-ports.ts'
import { chooseTemplate, probeTemplates } from '../powerschool/template.ts'
import { lastTemplate, readMirror, type Template, unfinishedCrawl } from '../store/crawls.ts'
import type { Sql } from '../store/sql.ts'
import { templateSources } from './template-sources.ts'

/** What a crawl of the district is given. */
export interface CrawlOptions {
  readonly sql: Sql
  readonly mapping: Mapping
  readonly client: PowerSchoolClient
  /** Settings of the bridge that the mapping reads: schools, start_year when pinned. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly templateSetting: Template | 'auto'
  /** What the names of the plugin's queries begin with. */
  readonly queryPrefix: string
  /** When the sync began that this may be a later step of (ms since 1970). */
  readonly syncStartedMs?: number
  readonly now: () => number
  readonly pause: () => Promise<void>
  /** Calls back after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, call: () => void) => () => void
  readonly log: Log
  readonly signal: AbortSignal
  readonly onProgress: (progress: CrawlProgressReport) => void
}

/**
 * The set template. With `auto` the plugin's queries are tried first and asked about only when one is refused, so that a sync
 * that may use them costs no request more; a bridge that reads by `rest` looks at one of them before each crawl, for the
 * plugin may have been raised meanwhile.
 */
export async function templateToTry(options: CrawlOptions): Promise<Template> {
  const { sql, templateSetting, log } = options
  if (templateSetting !== 'auto') return templateSetting
  const sources = sourcesOf(options)
  const [first] = sources.filter(({ queries }) => queries.length > 0)
  if (first === undefined) return 'rest'
  // Rows of a crawl by `rest` that was not finished are no leave to go back to it.
  if (readMirror(sql)?.template !== 'rest' || lastTemplate(sql) === 'powerquery') return 'powerquery'
  // In steps: the crawl that is under way was begun by `rest` after a look at them.
  if (unfinishedCrawl(sql) !== undefined) return 'rest'
  const glance = await probeTemplates(options.client, [first])
  if (glance.findings.some(({ query, state }) => query !== undefined && state !== 'allowed')) return 'rest'
  const { template } = chooseTemplate(await probeTemplates(options.client, sources), 'auto', lastTemplate(sql))
  if (template === 'powerquery') log.info('template-changed', { template })
  return template
}

/**
 * The template to go on with after a crawl by `tried` has failed. Throws the failure where no other one helps, and what is
 * missing of the plugin's rights, in full, where that is why.
 */
export async function templateAfter(failure: unknown, tried: Template, options: CrawlOptions): Promise<Template> {
  const isRefusal = failure instanceof BridgeError && REFUSALS.has(failure.code)
  if (tried === 'rest' || !isRefusal) throw failure
  const { client, sql, log, templateSetting } = options
  const probe = await probeTemplates(client, sourcesOf(options))
  const { template, reason } = chooseTemplate(probe, templateSetting, lastTemplate(sql))
  if (template === tried) throw failure
  log.warn('template-fallback', { template, reason })
  return template
}

const REFUSALS: ReadonlySet<string> = new Set(['powerschool-rights', 'powerschool-refused'])

function sourcesOf({ mapping, settings, queryPrefix }: CrawlOptions) {
  return templateSources(mapping.sources, { ...mapping.settings, ...settings }, queryPrefix)
}

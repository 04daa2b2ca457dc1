// What the crawl reads, as the mapping's sources say it.
import type { Mapping } from '../mapping/compile.ts'
import type { CrawlSource } from '../powerschool/crawl-ports.ts'

/** The sources that have a rest reader, in crawl order. */
export function crawlSources(mapping: Mapping): CrawlSource[] {
  return mapping.sources.flatMap(({ name, key, rest }) => {
    if (rest === undefined) return []
    const { get, q, expand, extend, rows, parent } = rest
    return [
      {
        name,
        get,
        expand,
        extend,
        rows,
        keyPath: key,
        isSingle: !rows.includes('.'),
        ...(q === undefined ? {} : { q }),
        ...(parent === undefined ? {} : { parent: { placeholder: `${parent.name}.${parent.column}` } }),
      },
    ]
  })
}

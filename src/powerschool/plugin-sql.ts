// As much of a query's SQL as PowerSchool's rules for plugins speak of; the mapping's checker knows the rest.

/** What PowerSchool refuses, or does not find again, as sentences. */
export function sqlBreaches(sql: string): readonly string[] {
  const bare = withoutTexts(sql)
  return RULES.filter(({ breaks }) => breaks(sql, bare)).map(({ message }) => message)
}

const RULES: readonly { readonly breaks: (sql: string, bare: string) => boolean; readonly message: string }[] = [
  { breaks: (_, bare) => !/^\s*select\b/i.test(bare), message: 'its statement does not begin with SELECT.' },
  { breaks: (_, bare) => bare.includes(';'), message: 'its statement has a semicolon.' },
  { breaks: (_, bare) => /--|\/\*/.test(bare), message: 'its statement has a comment.' },
  {
    breaks: (_, bare) => !/\border\s+by\b/i.test(topLevel(bare)),
    message: 'its statement has no ORDER BY, without which pages would overlap.',
  },
  { breaks: (sql) => sql.includes(']]>'), message: 'its statement has ]]>, which would end the CDATA section.' },
  // PowerSchool would run it as a page before it comes to the database, and the query could not be reached.
  {
    breaks: (sql) => /<[@/!a-z]|~[([]/i.test(sql),
    message: 'its statement has what PowerSchool takes for a tag of a page.',
  },
]

/** The names after `:`, as they are written. */
export function bindsOf(sql: string): ReadonlySet<string> {
  return new Set([...withoutTexts(sql).matchAll(/:([a-z_][a-z0-9_]*)/gi)].map(([, name = '']) => name))
}

/** The name of each item of the select list, in lower case: its last word. */
export function selectList(sql: string): readonly string[] {
  const bare = topLevel(withoutTexts(sql))
  const list = /^\s*select\b(.*?)\bfrom\b/is.exec(bare)?.[1] ?? ''
  return list.split(',').map((item) => (/([\w$#]+)\s*$/.exec(item)?.[1] ?? '').toLowerCase())
}

/** The statement with nothing between quotes; a doubled quote is two texts side by side. */
function withoutTexts(sql: string): string {
  return sql.replace(/'[^']*'/g, "''")
}

/** The statement with nothing between parentheses. */
function topLevel(sql: string): string {
  let depth = 0
  return sql.replace(/[()]|[^()]+/g, (part) => {
    if (part === '(') depth += 1
    else if (part === ')') depth = Math.max(0, depth - 1)
    else return depth === 0 ? part : ''
    return part
  })
}

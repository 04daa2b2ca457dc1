// `bridge clients …`: who may read the roster.
import { addClient, listClients, removeClient, rotateClient } from '../auth/clients.ts'
import { openDatabase } from '../node.ts'
import { STORAGE } from '../oneroster/storage.ts'
import { migrate } from '../store/migrations.ts'
import type { NodeSqlite } from '../store/node-sqlite.ts'
import type { Command, CommandInput } from './command.ts'
import { print, printJson, say, table } from './output.ts'
import { localSettings } from './settings.ts'

export const clientCommands: readonly Command[] = [
  {
    name: 'clients add',
    summary: 'Adds a consumer and prints its id and secret, once.',
    usage: [
      'bridge clients add --name NAME [--scopes SCOPE,…] [--json]',
      '',
      'Scopes: roster-core.readonly, roster.readonly, roster-demographics.readonly; all three when left out.',
    ].join('\n'),
    options: { name: 'value', scopes: 'value', schools: 'value' },
    positionals: 0,
    run: (input) =>
      withStore(async (sql) => {
        const { name, scopes, schools } = input.values
        if (name === undefined) {
          say('A consumer needs a name: --name NAME.')
          return 2
        }
        if (schools !== undefined)
          return wrong('Narrowing a consumer to schools is not built yet: leave --schools out.')
        const result = await addClient(
          { name, scopes: scopes?.split(',').map((scope) => scope.trim()) },
          { sql, now: Date.now },
        )
        return printSecret(input, result)
      }),
  },
  {
    name: 'clients list',
    summary: 'Lists the consumers, without their secrets.',
    usage: 'bridge clients list [--json]',
    options: {},
    positionals: 0,
    run: ({ isJson }) =>
      withStore(async (sql) => {
        const clients = listClients(sql)
        if (isJson) printJson(clients)
        else {
          const rows = clients.map(({ id, name, source, createdMs, scopes }) => [
            id,
            name,
            source,
            new Date(createdMs).toISOString().slice(0, 10),
            scopes.map((scope) => scope.split('/').at(-1)).join(','),
          ])
          print(table([['id', 'name', 'made by', 'since', 'scopes'], ...rows]))
        }
        return 0
      }),
  },
  {
    name: 'clients rotate',
    summary: 'Gives a consumer a new secret and prints it, once.',
    usage: 'bridge clients rotate ID [--json]',
    options: {},
    positionals: 1,
    run: (input) =>
      withStore(async (sql) => printSecret(input, await rotateClient(input.words[0] ?? '', { sql, now: Date.now }))),
  },
  {
    name: 'clients remove',
    summary: 'Removes a consumer; its tokens open nothing from then on.',
    usage: 'bridge clients remove ID [--json]',
    options: {},
    positionals: 1,
    run: ({ words, isJson }) =>
      withStore(async (sql) => {
        const result = removeClient(words[0] ?? '', { sql })
        if (!result.ok) return wrong(result.message)
        if (isJson) printJson({ removed: words[0] })
        else print('Removed.')
        return 0
      }),
  },
]

async function withStore(work: (sql: NodeSqlite) => Promise<number>): Promise<number> {
  const sql = openDatabase(localSettings())
  try {
    migrate(sql, STORAGE)
    return await work(sql)
  } finally {
    sql.close()
  }
}

function printSecret({ isJson }: CommandInput, result: Awaited<ReturnType<typeof addClient>>): number {
  if (!result.ok) return wrong(result.message)
  const { client, secret } = result
  if (isJson) printJson({ ...client, secret })
  else {
    print(
      table([
        ['client id', client.id],
        ['client secret', secret],
      ]),
    )
    say('The secret is shown this once. Keep it where secrets are kept.')
  }
  return 0
}

function wrong(message: string): number {
  say(message)
  return 1
}

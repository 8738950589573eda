import {
  ColumnDefinitionNode,
  ColumnUpdateNode,
  CreateTableNode,
  DataTypeNode,
  DropIndexNode,
  InsertQueryNode,
  type KyselyPlugin,
  OnDuplicateKeyNode,
  type OperationNode,
  RawNode,
  type RootOperationNode,
  SelectModifierNode,
  SelectQueryNode,
  ValueListNode,
  ValuesNode,
} from "kysely";

/**
 * The stores and the migrations write each statement once; these plugins translate it for their database. MySQL 5.7 is
 * the oldest, so what it accepts is accepted by all of MySQL and MariaDB.
 */
export const mysqlGrammar: KyselyPlugin = plugin((node) => {
  if (InsertQueryNode.is(node)) return insertIfAbsent(node);
  if (SelectQueryNode.is(node)) return lockInShareMode(node);
  return CreateTableNode.is(node) ? innodbTable(node) : node;
});

/**
 * SQLite has no row locks: the transaction has already locked the whole file. It names an index without its table, so
 * the table is left out.
 */
export const sqliteGrammar: KyselyPlugin = plugin((node) => {
  if (SelectQueryNode.is(node)) return withoutLock(node);
  if (DropIndexNode.is(node)) return withoutTable(node);
  return InsertQueryNode.is(node) ? withSelects(node, withoutLock) : node;
});

function plugin(transform: (node: RootOperationNode) => RootOperationNode): KyselyPlugin {
  return { transformQuery: ({ node }) => transform(node), transformResult: async ({ result }) => result };
}

/**
 * `ON CONFLICT DO NOTHING` becomes an update of a column to its own value. Catching the duplicate instead deadlocks.
 */
function insertIfAbsent(node: InsertQueryNode): InsertQueryNode {
  const locking = withSelects(node, lockInShareMode);
  const { onConflict, ...insert } = locking;
  const [column] = node.columns ?? [];
  if (!onConflict?.doNothing || !column) return locking;
  return {
    ...insert,
    onDuplicateKey: OnDuplicateKeyNode.create([ColumnUpdateNode.create(column, column)]),
  };
}

/** Changes what is inserted as it was selected: all of the rows, or a value of one. */
function withSelects(
  { values, ...insert }: InsertQueryNode,
  change: (node: SelectQueryNode) => SelectQueryNode,
): InsertQueryNode {
  const changed = <N extends OperationNode>(node: N) => (SelectQueryNode.is(node) ? change(node) : node);
  if (!values) return insert;
  if (!ValuesNode.is(values)) return { ...insert, values: changed(values) };
  const rows = values.values.map((row) =>
    ValueListNode.is(row) ? ValueListNode.create(row.values.map(changed)) : row,
  );
  return { ...insert, values: ValuesNode.create(rows) };
}

/** `FOR SHARE` is of MySQL 8 alone. */
function lockInShareMode(node: SelectQueryNode): SelectQueryNode {
  const endModifiers = node.endModifiers?.map((each) =>
    each.modifier === "ForShare"
      ? SelectModifierNode.createWithExpression(RawNode.createWithSql("lock in share mode"))
      : each,
  );
  return endModifiers ? { ...node, endModifiers } : node;
}

function withoutTable({ table: _, ...node }: DropIndexNode): DropIndexNode {
  return node;
}

function withoutLock(node: SelectQueryNode): SelectQueryNode {
  const { endModifiers, ...select } = node;
  return endModifiers ? select : node;
}

/**
 * Compares ids, tags and keys byte by byte. Auto-incremented ids get 64 bits, as in SQLite: there will be more than two
 * billion events of limits one day.
 */
const TABLE = "engine=InnoDB default charset=utf8mb4 collate=utf8mb4_bin row_format=dynamic";

function innodbTable(node: CreateTableNode): CreateTableNode {
  const columns = node.columns.map((column) =>
    column.autoIncrement
      ? ColumnDefinitionNode.cloneWith({ ...column, dataType: DataTypeNode.create("bigint") }, {})
      : column,
  );
  return CreateTableNode.cloneWithEndModifier({ ...node, columns }, RawNode.createWithSql(TABLE));
}

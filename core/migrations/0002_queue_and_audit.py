from procrastinate.schema import SchemaManager
from tortoise import migrations
from tortoise.migrations import operations as ops

_REFUSE_CHANGE = """
CREATE FUNCTION core_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER core_audit_entry_append_only BEFORE UPDATE OR DELETE ON core_audit_entry
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
CREATE TRIGGER core_audit_seal_append_only BEFORE UPDATE OR DELETE ON core_audit_seal
    FOR EACH ROW EXECUTE FUNCTION core_refuse_change();
"""


class Migration(migrations.Migration):
    """The queue's own tables, as its pinned version makes them, and audit rows that stay as they
    are.

    A newer procrastinate brings its own migration files: they become a migration here (a test
    watches the version).
    """

    dependencies = [("core", "0001_initial")]

    operations = [
        ops.RunSQL(SchemaManager.get_schema(), reverse_sql=ops.RunSQL.noop),
        ops.RunSQL(_REFUSE_CHANGE, reverse_sql="DROP FUNCTION core_refuse_change() CASCADE"),
    ]

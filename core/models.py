from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class JobKey(Model):
    """A job that was asked for once under this key, and so is not asked for again. 去重键"""

    key = fields.CharField(200, primary_key=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_job_key"


class DueJob(Model):
    """A job whose time has not come; the queue itself knows nothing of due times. 定时任务"""

    id = fields.UUIDField(primary_key=True)
    name = fields.CharField(64)
    arguments: fields.Field[dict[str, str | int]] = fields.JSONField()
    due_at = fields.DatetimeField()

    class Meta:
        table = "core_due_job"
        indexes = [Index(fields=["due_at"], name="ix_core_due_job_due")]


class AuditEntry(Model):
    """Who did what to what, written in the transaction that did it. Append only. 审计"""

    id = fields.UUIDField(primary_key=True)
    at = fields.DatetimeField()
    actor = fields.CharField(120)
    action = fields.CharField(80)
    subject = fields.CharField(120)
    details: fields.Field[dict[str, str | int | None]] = fields.JSONField()

    class Meta:
        table = "core_audit_entry"


class AuditSeal(Model):
    """The chain over audit entries: each hash covers the one before it. Append only. 审计链"""

    seq = fields.BigIntField(primary_key=True, generated=False)
    entry_id = fields.UUIDField(unique=True)
    hash = fields.BinaryField()
    suite = fields.SmallIntField(default=1)
    sealed_at = fields.DatetimeField()

    class Meta:
        table = "core_audit_seal"


class DataKey(Model):
    """A data key, wrapped under the key-encrypting key. A class has many versions. 数据密钥"""

    id = fields.UUIDField(primary_key=True)
    data_class = fields.CharField(32)
    version = fields.IntField()
    wrapped = fields.BinaryField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "core_data_key"
        unique_together = (("data_class", "version"),)


class HumanTask(Model):
    """Something only a person can decide: one queue for every department. 人工待办"""

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(64)
    department = fields.CharField(32)
    division = fields.CharField(12, default="")
    subject = fields.CharField(120)
    details: fields.Field[dict[str, str | int]] = fields.JSONField()
    dedupe_key = fields.CharField(200, unique=True)
    due_at = fields.DatetimeField(null=True)
    assignee = fields.CharField(120, null=True)
    outcome = fields.CharField(64, null=True)
    raised_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True)

    class Meta:
        table = "core_human_task"
        indexes = [Index(fields=["department", "closed_at", "raised_at"], name="ix_core_task_open")]


class StoredFile(Model):
    """One encrypted file in the storage, and until when it is kept. 文件"""

    id = fields.UUIDField(primary_key=True)
    owner = fields.CharField(120)
    media_type = fields.CharField(80)
    size = fields.BigIntField()
    sha256 = fields.CharField(64)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "core_stored_file"
        indexes = [Index(fields=["expires_at"], name="ix_core_stored_file_expires")]

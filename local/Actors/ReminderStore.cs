using System.Text.Json;
using DaprShop.Local.Configuration;
using DaprShop.Local.Hosting;
using DaprShop.Local.Storage;

namespace DaprShop.Local.Actors;

/// <summary>
/// The reminders on disk: <c>scheduler.db</c> in the data directory, one row each. Writes come to the disk in the order in which they are
/// asked for, and say so in the reminder's slot.
/// </summary>
internal sealed class ReminderStore : IAsyncDisposable
{
    private readonly GroupCommit _writer;
    private readonly SqliteStatement _upsert;
    private readonly SqliteStatement _delete;

    /// <exception cref="ConfigurationError">The file cannot be opened.</exception>
    public ReminderStore(DataDirectory data)
    {
        Directory.CreateDirectory(data.Path);
        var file = Path.Combine(data.Path, "scheduler.db");
        try
        {
            var db = new SqliteDatabase(file, TimeSpan.FromSeconds(2));
            db.Execute("""
                CREATE TABLE IF NOT EXISTS reminders (
                    app TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
                    registration TEXT NOT NULL,
                    scheduled_at INTEGER NOT NULL, due_at INTEGER NOT NULL, count INTEGER NOT NULL, attempts INTEGER NOT NULL,
                    PRIMARY KEY (app, type, id, name)) WITHOUT ROWID
                """);
            Saved = Load(db);
            _upsert = db.Prepare("INSERT OR REPLACE INTO reminders VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
            _delete = db.Prepare("DELETE FROM reminders WHERE app = ?1 AND type = ?2 AND id = ?3 AND name = ?4");
            _writer = new GroupCommit(db, "reminders");
        }
        catch (IOException failure)
        {
            throw new ConfigurationError($"cannot open {file}: {failure.Message}");
        }
    }

    /// <summary>What the file held when it was opened.</summary>
    public IReadOnlyList<Reminder> Saved { get; private set; }

    /// <summary>Hands over <see cref="Saved"/>, once.</summary>
    public IReadOnlyList<Reminder> TakeSaved()
    {
        var saved = Saved;
        Saved = [];
        return saved;
    }

    /// <summary>Completes when the reminder is on disk.</summary>
    public Task SaveAsync(Reminder reminder) => _writer.WriteAsync(new Save(this, reminder));

    /// <summary>Completes when no reminder is there on disk.</summary>
    public Task DeleteAsync(ReminderSlot slot) => _writer.WriteAsync(new Delete(this, slot));

    /// <summary>Writes how far the reminder has come with the next commit. If that is lost, it fires for the same time again.</summary>
    public void SaveLater(Reminder reminder) => _writer.Enqueue(new Save(this, reminder));

    /// <summary>Deletes a reminder that is over with the next commit. If that is lost, it fires once more in the next run.</summary>
    public void DeleteLater(ReminderSlot slot) => _writer.Enqueue(new Delete(this, slot));

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private static List<Reminder> Load(SqliteDatabase db)
    {
        var reminders = new List<Reminder>();
        using var rows = db.Prepare("SELECT app, type, id, name, registration, scheduled_at, due_at, count, attempts FROM reminders");
        while (rows.Step())
        {
            var key = new ReminderKey(rows.Text(0), new ActorRef(rows.Text(1), rows.Text(2)), rows.Text(3));
            var slot = new ReminderSlot(key);
            var registration = JsonSerializer.Deserialize(rows.Text(4), ActorJson.Default.ReminderRegistration)!;
            slot.Current = slot.Saved = new Reminder(slot, registration)
            {
                ScheduledAt = DateTimeOffset.FromUnixTimeMilliseconds(rows.Number(5)),
                DueAt = DateTimeOffset.FromUnixTimeMilliseconds(rows.Number(6)),
                Count = (int)rows.Number(7),
                Attempts = (int)rows.Number(8),
            };
            reminders.Add(slot.Saved);
        }
        return reminders;
    }

    private static SqliteStatement Bind(SqliteStatement statement, ReminderKey key) =>
        statement.Bind(1, key.AppId).Bind(2, key.Actor.Type).Bind(3, key.Actor.Id).Bind(4, key.Name);

    private sealed class Save : DurableWrite
    {
        private readonly ReminderStore _store;
        private readonly Reminder _reminder;
        private readonly (DateTimeOffset ScheduledAt, DateTimeOffset DueAt, int Count, int Attempts) _progress;

        public Save(ReminderStore store, Reminder reminder)
        {
            _store = store;
            _reminder = reminder;
            _progress = (reminder.ScheduledAt, reminder.DueAt, reminder.Count, reminder.Attempts);
        }

        public override void Apply()
        {
            Bind(_store._upsert, _reminder.Key)
                .Bind(5, JsonSerializer.SerializeToUtf8Bytes(_reminder.Registration, ActorJson.Default.ReminderRegistration))
                .Bind(6, _progress.ScheduledAt.ToUnixTimeMilliseconds())
                .Bind(7, _progress.DueAt.ToUnixTimeMilliseconds())
                .Bind(8, _progress.Count)
                .Bind(9, _progress.Attempts)
                .Run();
        }

        public override void Committed() => _reminder.Slot.Saved = _reminder;
    }

    private sealed class Delete(ReminderStore store, ReminderSlot slot) : DurableWrite
    {
        public override void Apply() => Bind(store._delete, slot.Key).Run();

        public override void Committed() => slot.Saved = null;
    }
}

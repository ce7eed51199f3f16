using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Actors;

/// <summary>
/// Durable wake-up calls for actors, as daprd keeps them in its scheduler. On disk before a registration is answered; what was missed
/// while the runtime was down fires as soon as the actor's app is there. Registering and unregistering each cost one group commit.
/// </summary>
internal sealed class Reminders : IDisposable
{
    /// <summary>However many are due at once after a restart, no more callbacks of an app run at a time.</summary>
    private const int MaxFiring = 128;

    private static readonly TimeSpan s_nextTry = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ReminderKey, ReminderSlot> _slots = [];
    private readonly List<Reminder> _homeless = [];
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _firing = new(StringComparer.Ordinal);
    private readonly DueQueue<Reminder> _queue;
    private readonly ReminderStore _store;
    private readonly ActorPlacement _placement;
    private readonly ActorCalls _calls;
    private readonly TimeProvider _time;
    private readonly ILogger<Reminders> _logger;

    public Reminders(ReminderStore store, ActorPlacement placement, ActorCalls calls, TimeProvider time, ILogger<Reminders> logger)
    {
        (_store, _placement, _calls, _time, _logger) = (store, placement, calls, time, logger);
        _queue = new DueQueue<Reminder>(time, reminder => _ = FireAsync(reminder));
        foreach (var reminder in store.TakeSaved())
        {
            _slots[reminder.Key] = reminder.Slot;
            _homeless.Add(reminder);
        }
        placement.HostsArrived += QueueHomeless;
    }

    /// <exception cref="DaprError">As daprd answers it.</exception>
    public async Task RegisterAsync(
        Sidecar sidecar, ActorRef actor, string name, ScheduleBody body, byte[]? data, CancellationToken cancellation)
    {
        ActorNames.Check(name);
        await CheckHostedAsync(sidecar, actor, cancellation);
        var (registration, due) = ReminderRegistration.Create(body, data, _time.GetUtcNow());
        var key = new ReminderKey(sidecar.AppId, actor, name);
        ReminderSlot? slot;
        Task written;
        lock (_lock)
        {
            if (!_slots.TryGetValue(key, out slot)) _slots.Add(key, slot = new ReminderSlot(key));
            if (slot.Current is not null && body.Overwrite is false) throw ActorErrors.ReminderExists(name);
            var reminder = new Reminder(slot, registration) { ScheduledAt = due, DueAt = due };
            Put(slot, reminder);
            slot.Writes++;
            written = _store.SaveAsync(reminder);
        }
        try
        {
            await written;
        }
        catch (Exception error)
        {
            throw ActorErrors.ReminderCreate(error.Message);
        }
        finally
        {
            Settle(slot);
        }
    }

    /// <summary>No error when there is none.</summary>
    /// <exception cref="DaprError">As daprd answers it.</exception>
    public async Task UnregisterAsync(Sidecar sidecar, ActorRef actor, string name, CancellationToken cancellation)
    {
        await CheckHostedAsync(sidecar, actor, cancellation);
        ReminderSlot? slot;
        Task written;
        lock (_lock)
        {
            if (!_slots.TryGetValue(new ReminderKey(sidecar.AppId, actor, name), out slot)) return;
            Put(slot, null);
            slot.Writes++;
            written = _store.DeleteAsync(slot);
        }
        try
        {
            await written;
        }
        catch (Exception error)
        {
            throw ActorErrors.ReminderDelete(error.Message);
        }
        finally
        {
            Settle(slot);
        }
    }

    /// <exception cref="DaprError">There is none, or as daprd answers it.</exception>
    public async Task<ReminderRegistration> GetAsync(Sidecar sidecar, ActorRef actor, string name, CancellationToken cancellation)
    {
        await CheckHostedAsync(sidecar, actor, cancellation);
        lock (_lock)
        {
            return _slots.TryGetValue(new ReminderKey(sidecar.AppId, actor, name), out var slot) && slot.Current is { } reminder
                ? reminder.Registration
                : throw ActorErrors.ReminderNotFound(name);
        }
    }

    public void Dispose()
    {
        _placement.HostsArrived -= QueueHomeless;
        _queue.Dispose();
        foreach (var firing in _firing.Values) firing.Dispose();
    }

    private async ValueTask CheckHostedAsync(Sidecar sidecar, ActorRef actor, CancellationToken cancellation)
    {
        if (actor.Type.StartsWith(ActorRef.ReservedPrefix, StringComparison.Ordinal)) throw ActorErrors.Reserved(actor.Type);
        var host = await _placement.OfAsync(sidecar, cancellation);
        if (host is null || !host.Types.ContainsKey(actor.Type)) throw ActorErrors.ReminderNotHosted();
    }

    /// <summary>With the lock, under which the write that belongs to it is put in line: memory and disk change in the same order.</summary>
    private void Put(ReminderSlot slot, Reminder? reminder)
    {
        if (slot.Current is { } former) _queue.Remove(former);
        slot.Current = reminder;
    }

    /// <summary>A write has ended. After the last one, what is on disk is in force: what was asked for, unless a write failed.</summary>
    private void Settle(ReminderSlot slot)
    {
        lock (_lock)
        {
            if (--slot.Writes > 0) return;
            if (slot.Current != slot.Saved) Put(slot, slot.Saved);
            if (slot.Current is { } reminder) _queue.Add(reminder);
            else _slots.Remove(slot.Key);
        }
    }

    private void QueueHomeless()
    {
        lock (_lock)
        {
            foreach (var reminder in _homeless.Where(reminder => !reminder.IsGone)) _queue.Add(reminder);
            _homeless.Clear();
        }
    }

    private async Task FireAsync(Reminder reminder)
    {
        try
        {
            if (await TryFireAsync(reminder) is { } success) Advance(reminder, success);
        }
        catch (Exception error) when (error is ObjectDisposedException or OperationCanceledException)
        {
            // The runtime stops; the reminder is on disk.
        }
        catch (Exception error)
        {
            _logger.LogError(error, "Reminder {Reminder} of {Actor}", reminder.Key.Name, reminder.Key.Actor);
            TryAgain(reminder);
        }
    }

    /// <summary>Null when nothing can be said about the callback, because the app is not there: the reminder waits for it.</summary>
    private async Task<bool?> TryFireAsync(Reminder reminder)
    {
        var firing = _firing.GetOrAdd(reminder.Key.AppId, static _ => new SemaphoreSlim(MaxFiring));
        await firing.WaitAsync();
        try
        {
            if (reminder.IsGone) return null;
            var answer = await _calls.FireAsync(reminder.Key.Actor, "remind/" + reminder.Key.Name, Payload(reminder.Registration.Data));
            if (answer is not null) return true;
            await WaitForHostAsync(reminder);
            return null;
        }
        catch (DaprError)
        {
            // What the app answered is not for the log: it may quote the request.
            _logger.LogWarning("Reminder {Reminder} of {Actor} failed", reminder.Key.Name, reminder.Key.Actor);
            return false;
        }
        catch (HttpRequestException)
        {
            TryAgain(reminder);
            return null;
        }
        finally
        {
            firing.Release();
        }
    }

    private async Task WaitForHostAsync(Reminder reminder)
    {
        lock (_lock) _homeless.Add(reminder);
        if (await _placement.FindAsync(reminder.Key.Actor) is not null) QueueHomeless();
    }

    private void TryAgain(Reminder reminder)
    {
        lock (_lock)
        {
            if (reminder.IsGone) return;
            _queue.Remove(reminder);
            reminder.DueAt = _time.GetUtcNow() + s_nextTry;
            _queue.Add(reminder);
        }
    }

    private void Advance(Reminder reminder, bool success)
    {
        lock (_lock)
        {
            if (reminder.IsGone) return;
            // A write that failed may have put it back while it was firing.
            _queue.Remove(reminder);
            var now = _time.GetUtcNow();
            if (success ? reminder.Succeed(now) : reminder.Fail(now))
            {
                _store.SaveLater(reminder);
                _queue.Add(reminder);
                return;
            }
            Put(reminder.Slot, null);
            _slots.Remove(reminder.Key);
            _store.DeleteLater(reminder.Slot);
        }
    }

    /// <summary>As daprd sends it: the scheduler does not hand the times back, so they are empty.</summary>
    private static ReadOnlyMemory<byte> Payload(byte[]? data)
    {
        var buffer = new ArrayBufferWriter<byte>(64 + (data?.Length ?? 0));
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (data is not null)
            {
                json.WritePropertyName("data"u8);
                json.WriteRawValue(data, skipInputValidation: true);
            }
            json.WriteString("dueTime"u8, ""u8);
            json.WriteString("period"u8, ""u8);
            json.WriteEndObject();
        }
        return buffer.WrittenMemory;
    }
}

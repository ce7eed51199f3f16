using Dapr.Actors;
using Dapr.Actors.Runtime;

namespace DaprShop.Shipping;

/// <summary>A courier with a list of where to be when.</summary>
public interface ICourierActor : IActor
{
    /// <summary>Puts confirmed parcels on the list, to be dispatched when their time comes.</summary>
    Task Expect(IReadOnlyList<Expected> parcels);

    /// <summary>Does one stop at once; false when it is a dispatch and the parcel is not on the list.</summary>
    Task<bool> Hurry(Stop stop);
}

/// <summary>A parcel to dispatch, and when.</summary>
public sealed record Expected(string OrderId, DateTimeOffset DispatchAt);

/// <summary>
/// A share of all parcels that are on their way. The list is durable before anything is done, the periodic reminder <c>round</c> is there
/// before the list is, and a stop leaves the list only after the parcel has moved and everyone was told; so a courier that dies anywhere
/// on its round does part of it twice, which <see cref="Carrier"/> bears, and none of it never.
/// <para>Sidecar calls: one bulk of confirmed parcels 1 actor call + 1 transaction; one slot of due parcels 3 calls + 1 transaction.</para>
/// </summary>
public sealed class CourierActor(ActorHost host, Carrier carrier, CourierTimes times, TimeProvider time)
    : Actor(host), ICourierActor, IRemindable
{
    private const string SlotsKey = "slots";
    private const string Reminder = "round";

    private bool _reminded;

    public async Task Expect(IReadOnlyList<Expected> parcels)
    {
        foreach (var slot in parcels.GroupBy(parcel => Slots.At(parcel.DispatchAt)))
            await AddAsync(slot.Key, [.. slot.Select(parcel => new Stop(parcel.OrderId, ShipmentStatus.Dispatched))]);
        await SaveAsync();
    }

    public async Task<bool> Hurry(Stop stop)
    {
        var expected = await TakeOffAsync(stop);
        if (stop.To is ShipmentStatus.Dispatched && !expected) return false;
        await AddAsync(Slots.Begun(time.GetUtcNow()), [stop]);
        await SaveAsync();
        await DoRoundAsync();
        return true;
    }

    public async Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        _reminded = true;
        await DoRoundAsync();
        if ((await SlotsAsync()).Count > 0) return;
        _reminded = false;
        await UnregisterReminderAsync(Reminder);
    }

    /// <summary>
    /// Each turn reads what is stored. When a sidecar dies alone, its actors go to other replicas and come back, and nobody tells the app,
    /// which still has them in memory as they were.
    /// </summary>
    protected override Task OnPreActorMethodAsync(ActorMethodContext actorMethodContext) => StateManager.ClearCacheAsync();

    private async Task DoRoundAsync()
    {
        var begun = Slots.Begun(time.GetUtcNow());
        foreach (var slot in (await SlotsAsync()).Where(slot => slot <= begun).ToArray())
        {
            foreach (var leg in (await StopsAsync(slot)).GroupBy(stop => stop.To))
            {
                var there = await carrier.MoveAsync(leg.Key, leg.Select(stop => stop.OrderId));
                if (leg.Key is not ShipmentStatus.Dispatched) continue;
                await AddAsync(
                    Math.Max(slot + 1, Slots.At(time.GetUtcNow() + times.DeliverAfter)),
                    [.. there.Select(shipment => new Stop(shipment.OrderId, ShipmentStatus.Delivered))]);
            }

            await RemoveAsync(slot);
            await SaveAsync();
        }
    }

    private async Task<IReadOnlyList<long>> SlotsAsync()
    {
        var slots = await StateManager.TryGetStateAsync<IReadOnlyList<long>>(SlotsKey);
        return slots.HasValue ? slots.Value : [];
    }

    private Task<IReadOnlyList<Stop>> StopsAsync(long slot) => StateManager.GetStateAsync<IReadOnlyList<Stop>>(SlotKey(slot));

    private async Task AddAsync(long slot, IReadOnlyList<Stop> stops)
    {
        if (stops.Count == 0) return;
        var slots = await SlotsAsync();
        // Whoever emptied the list, here or on another host, removed the reminder.
        if (slots.Count == 0) _reminded = false;
        var known = slots.Contains(slot);
        if (!known) await StateManager.SetStateAsync<IReadOnlyList<long>>(SlotsKey, [.. slots.Append(slot).Order()]);
        IReadOnlyList<Stop> all = known ? [.. (await StopsAsync(slot)).Union(stops)] : stops;
        await StateManager.SetStateAsync(SlotKey(slot), all);
    }

    private async Task RemoveAsync(long slot)
    {
        await StateManager.SetStateAsync<IReadOnlyList<long>>(SlotsKey, [.. (await SlotsAsync()).Where(other => other != slot)]);
        await StateManager.RemoveStateAsync(SlotKey(slot));
    }

    private async Task<bool> TakeOffAsync(Stop stop)
    {
        foreach (var slot in await SlotsAsync())
        {
            var stops = await StopsAsync(slot);
            if (!stops.Contains(stop)) continue;
            await StateManager.SetStateAsync<IReadOnlyList<Stop>>(SlotKey(slot), [.. stops.Where(other => other != stop)]);
            return true;
        }

        return false;
    }

    private async Task SaveAsync()
    {
        if (!_reminded && (await SlotsAsync()).Count > 0)
        {
            await RegisterReminderAsync(Reminder, null, times.RoundEvery, times.RoundEvery);
            _reminded = true;
        }

        await SaveStateAsync();
    }

    private static string SlotKey(long slot) => $"slot-{slot}";
}

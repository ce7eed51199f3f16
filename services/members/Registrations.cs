using System.Threading.Channels;
using Dapr.Client;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Members;

/// <summary>
/// The outbox of <c>members.registered</c>: the event is kept in the transaction that makes the member, published afterwards, and removed
/// once the broker has it. Pending events lie in a few slots (documents <c>pending/{n}</c>), so that sign-ups seldom meet in one and a
/// sweep is one read. Told twice after a crash, with the same id.
/// </summary>
public sealed class Registrations(StateStore store, DaprClient dapr, TimeProvider time, ILogger<Registrations> logger) : BackgroundService
{
    private const int Slots = 16;
    private const int MaxEventsPerCall = 100;
    private static readonly TimeSpan s_sweep = TimeSpan.FromSeconds(5);
    private static readonly string[] s_slots = [.. Enumerable.Range(0, Slots).Select(slot => $"pending/{slot}")];

    private readonly Channel<bool> _nudges = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Where an event may wait.</summary>
    public static string AnySlot() => s_slots[Random.Shared.Next(Slots)];

    /// <summary>The part of the transaction that keeps the event.</summary>
    public static StateTransactionRequest Add(StateStore store, string slot, Documents documents, Member member)
    {
        var (pending, etag) = documents.Get<Pending>(slot);
        var registered = new MemberRegistered($"member-{member.Id}-registered", member.RegisteredAt, member.Id);
        return store.Write(slot, new Pending([.. pending?.Events ?? [], registered]), etag);
    }

    /// <summary>There is something to tell.</summary>
    public void Nudge() => _nudges.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RelayAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning("Registrations wait to be told: {Reason}", error.Message);
            }
            await PauseAsync(stoppingToken);
        }
    }

    private async Task RelayAsync(CancellationToken cancellation)
    {
        var documents = await store.GetManyAsync(s_slots, cancellation);
        var pending = s_slots
            .Select(slot => (Slot: slot, Events: documents.Get<Pending>(slot).Value?.Events ?? []))
            .Where(slot => slot.Events.Count > 0)
            .ToList();
        if (pending.Count == 0) return;
        foreach (var events in pending.SelectMany(slot => slot.Events).Chunk(MaxEventsPerCall))
            await dapr.PublishAllAsync(Topics.MembersRegistered, events, registered => registered.EventId, cancellation);
        await store.ApplyAsync(
            pending.Select(told => new Change<Pending>(told.Slot, now => (now ?? Pending.None).Without(told.Events))), cancellation);
    }

    private async Task PauseAsync(CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(s_sweep, time);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        try
        {
            await _nudges.Reader.ReadAsync(enough.Token);
        }
        catch (OperationCanceledException)
        {
            // Time for a sweep, or to stop.
        }
    }
}

/// <summary>Document <c>pending/{n}</c>.</summary>
public sealed record Pending(IReadOnlyList<MemberRegistered> Events)
{
    public static Pending None { get; } = new([]);

    /// <summary>What has come since <paramref name="told"/> was read.</summary>
    public Pending Without(IReadOnlyList<MemberRegistered> told) => new([.. Events.Except(told)]);
}

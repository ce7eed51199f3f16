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
    private static readonly TimeSpan s_sweep = TimeSpan.FromSeconds(5);
    private static readonly string[] s_slots = [.. Enumerable.Range(0, Slots).Select(slot => $"pending/{slot}")];

    private readonly Channel<bool> _nudges = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

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
        foreach (var slot in s_slots)
        {
            var (pending, etag) = documents.Get<Pending>(slot);
            if (pending is not { Events.Count: > 0 }) continue;
            foreach (var registered in pending.Events)
            {
                await dapr.PublishAsync(Topics.MembersRegistered, registered.EventId, registered, cancellation);
            }
            // Refused when another event has come to the slot meanwhile; it is told, and these again, by the next sweep.
            if (!await store.TrySaveAsync(slot, Pending.None, etag, cancellation: cancellation)) Nudge();
        }
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
}

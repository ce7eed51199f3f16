using Dapr.Actors;
using Dapr.Actors.Runtime;
using Dapr.Client;
using DaprShop.Common;
using DaprShop.Contracts;

namespace DaprShop.Inventory;

/// <summary>One product's stock; the actor id is the product id.</summary>
public interface IStockActor : IActor
{
    /// <summary>What there is; null for a product nobody has told of.</summary>
    Task<StockLevel?> Get();

    /// <summary>Makes the product known, with nothing on the shelf, unless it is known already.</summary>
    Task Open();

    Task<Claim> Reserve(ReserveCommand command);

    Task<Claim> Commit(CommitCommand command);

    Task<Claim> Release(ReleaseCommand command);

    Task<StockCorrected> Correct(CorrectCommand command);
}

public sealed record ReserveCommand(string OrderId, int Quantity, DateTimeOffset ExpiresAt);

public sealed record CommitCommand(string OrderId);

public sealed record ReleaseCommand(string OrderId, IReadOnlyList<string>? Missing = null);

/// <summary>Staff put the shelf right: to <paramref name="OnHand"/>, or by <paramref name="Delta"/>.</summary>
/// <param name="By">The member of staff.</param>
/// <param name="OnHand">The new amount, when it was counted.</param>
/// <param name="Delta">More or less of it, when it was not.</param>
/// <param name="Reason">Why; kept with the correction.</param>
/// <param name="Key">Makes a repetition do nothing; null when every call counts.</param>
public sealed record CorrectCommand(string By, int? OnHand = null, int Delta = 0, string? Reason = null, string? Key = null);

/// <param name="Outcome">What happened.</param>
/// <param name="Level">The stock afterwards; null when the product is unknown.</param>
public sealed record StockCorrected(CorrectionOutcome Outcome, StockLevel? Level = null);

public enum CorrectionOutcome { Done, UnknownProduct, Refused, KeyReused }

/// <summary>What is kept of a correction, under a key of its own.</summary>
public sealed record Correction(CorrectCommand Command, DateTimeOffset At, StockLevel Level);

/// <summary>
/// The single writer of a product's stock. Besides the small hot document there is one key for each order's claim, written in the same
/// transaction. Sidecar calls: reserve 1 get + 1 transaction, commit 1 transaction, release 1 transaction (and a get each when the
/// actor was away in between).
/// <para>
/// A change is told within a second or two by the periodic reminder <c>tell</c>, registered before the change is saved. It tells the
/// latest state only, so a hot product costs one event a period; it frees reservations whose time is up; and it goes when all is told
/// and nothing is reserved. Wherever the process dies, either the reminder is there or nothing has changed.
/// </para>
/// </summary>
public sealed class StockActor(ActorHost host, DaprClient dapr, SeedStock seed, TimeProvider time) : Actor(host), IStockActor, IRemindable
{
    private const string StockKey = "stock";
    private const string Reminder = "tell";
    private static readonly TimeSpan s_firstTold = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_toldEvery = TimeSpan.FromSeconds(2);

    // The state manager keeps what it has read for as long as the actor lives; claims that are over are let go after the save.
    private readonly List<string> _done = [];
    private bool _reminded;
    private long _toldVersion;

    private string ProductId => Id.GetId();

    public async Task<StockLevel?> Get() =>
        await FindAsync() is { } stock ? StockLevel.Of(ProductId, stock.Expire(time.GetUtcNow()).Stock) : null;

    public async Task Open()
    {
        if (await FindAsync() is null) await SaveAsync(Stock.Untouched(0));
    }

    public Task<Claim> Reserve(ReserveCommand command) => ClaimAsync(command.OrderId, (stock, claim) => stock.Reserve(
        ProductId, command.OrderId, claim, new Reservation(command.Quantity, command.ExpiresAt), time.GetUtcNow()));

    public Task<Claim> Commit(CommitCommand command) =>
        ClaimAsync(command.OrderId, (stock, claim) => stock.Commit(command.OrderId, claim));

    public Task<Claim> Release(ReleaseCommand command) =>
        ClaimAsync(command.OrderId, (stock, claim) => stock.Release(command.OrderId, claim, command.Missing));

    public async Task<StockCorrected> Correct(CorrectCommand command) => await FindAsync() is { } found
        ? await TurnAsync(found, stock => CorrectAsync(stock, command))
        : new(CorrectionOutcome.UnknownProduct);

    public async Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period)
    {
        _reminded = true;
        if (await FindAsync() is not { } found)
        {
            await RestAsync();
            return;
        }

        var stock = await TurnAsync(found, expired => Task.FromResult((expired, expired)));
        if (stock.Version != _toldVersion)
        {
            var told = StockLevel.Of(ProductId, stock).ToEvent(stock.Version, time.GetUtcNow());
            await dapr.PublishAsync(Topics.InventoryStockChanged, told.EventId, told);
            _toldVersion = stock.Version;
        }
        else if (stock.Reservations.IsEmpty)
        {
            await RestAsync();
        }
    }

    private async Task<Claim> ClaimAsync(string orderId, Func<Stock, Claim, (Stock, Claim)> decide) =>
        await TurnAsync(await FindAsync() ?? Stock.Untouched(0), async stock =>
        {
            var key = ClaimKey(orderId);
            // "Get or add" reads an unknown key once, where a get and a set would read it twice.
            var known = await StateManager.GetOrAddStateAsync(key, Claim.None);
            var (decided, claim) = decide(stock, known);
            if (claim.State is ClaimState.None) await StateManager.TryRemoveStateAsync(key);
            else if (claim != known) await StateManager.SetStateAsync(key, claim);
            if (claim.State is not ClaimState.Reserved) _done.Add(key);
            return (decided, claim);
        });

    private async Task<(Stock, StockCorrected)> CorrectAsync(Stock stock, CorrectCommand command)
    {
        var key = $"correction-{command.Key ?? $"{stock.Version + 1}"}";
        _done.Add(key);
        if (command.Key is not null && await StateManager.TryGetStateAsync<Correction>(key) is { HasValue: true, Value: var earlier })
            return (stock, earlier.Command == command ? new(CorrectionOutcome.Done, earlier.Level) : new(CorrectionOutcome.KeyReused));

        if (stock.Count(command.OnHand ?? stock.OnHand + command.Delta) is not { } corrected)
            return (stock, new(CorrectionOutcome.Refused, StockLevel.Of(ProductId, stock)));

        var level = StockLevel.Of(ProductId, corrected);
        await StateManager.SetStateAsync(key, new Correction(command, time.GetUtcNow(), level));
        return (corrected, new(CorrectionOutcome.Done, level));
    }

    /// <summary>What expired goes first, then the decision; then all of it is saved at once.</summary>
    private async Task<T> TurnAsync<T>(Stock found, Func<Stock, Task<(Stock, T)>> decide)
    {
        var (stock, answer) = await decide(await ExpireAsync(found));
        await SaveAsync(stock, unlessStill: found);
        return answer;
    }

    private async Task<Stock?> FindAsync()
    {
        var stored = await StateManager.TryGetStateAsync<Stock>(StockKey);
        return stored.HasValue ? stored.Value : seed.Find(ProductId);
    }

    private async Task<Stock> ExpireAsync(Stock stock)
    {
        var (left, expired) = stock.Expire(time.GetUtcNow());
        foreach (var (orderId, claim) in expired)
        {
            await StateManager.SetStateAsync(ClaimKey(orderId), claim);
            _done.Add(ClaimKey(orderId));
        }

        return left;
    }

    private async Task SaveAsync(Stock stock, Stock? unlessStill = null)
    {
        if (stock != unlessStill)
        {
            if (!_reminded) await RegisterReminderAsync(Reminder, null, s_firstTold, s_toldEvery);
            _reminded = true;
            await StateManager.SetStateAsync(StockKey, stock);
        }

        await SaveStateAsync();
        foreach (var key in _done) await StateManager.UnloadStateAsync(key);
        _done.Clear();
    }

    private async Task RestAsync()
    {
        _reminded = false;
        await UnregisterReminderAsync(Reminder);
    }

    private static string ClaimKey(string orderId) => $"order-{orderId}";
}

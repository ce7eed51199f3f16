using System.Collections.Concurrent;

namespace DaprShop.Chaos.Tests;

/// <summary>A line of an order.</summary>
public sealed record Want(string ProductId, int Quantity);

/// <summary>A member who orders, asks again when there is no answer, sends the same order twice at once, and cancels.</summary>
/// <param name="member">Signed in.</param>
/// <param name="basket">What lies in the basket.</param>
public sealed class Buyer(Session member, IReadOnlyDictionary<string, int> basket)
{
    private readonly ConcurrentQueue<string> _accepted = new();
    private readonly ConcurrentQueue<string> _cancelled = new();
    private readonly ConcurrentQueue<string> _doubled = new();
    private int _duplicates;
    private int _refused;

    public MemberPromises Promises => new(member, _accepted, _cancelled, basket);

    /// <summary>Posts under a key that was used before.</summary>
    public int Duplicates => _duplicates;

    /// <summary>Orders answered 4xx.</summary>
    public int Refused => _refused;

    /// <summary>Keys that became two orders: there must be none.</summary>
    public IReadOnlyCollection<string> Doubled => _doubled;

    /// <summary>A new member with these things in the basket.</summary>
    public static async Task<Buyer> SignUpAsync(ShopProcess shop, IReadOnlyDictionary<string, int> basket, CancellationToken until)
    {
        var member = await Session.SignUpAsync(shop.Door, until);
        foreach (var (productId, quantity) in basket)
        {
            var put = await member.InsistAsync(HttpMethod.Put, $"/api/basket/items/{productId}", until, new { quantity });
            if (!put.IsSuccess) throw new InvalidOperationException($"The basket does not take {productId}: {put}");
        }
        return new Buyer(member, basket);
    }

    /// <summary>Orders, and sees to it that there is an answer; null when the shop refuses the order.</summary>
    /// <param name="wants">The lines.</param>
    /// <param name="paymentToken">How it is paid.</param>
    /// <param name="atOnce">How often the same request is sent at the same time.</param>
    /// <param name="until">When to give up, which is a failure.</param>
    public async Task<string?> OrderAsync(IReadOnlyList<Want> wants, string paymentToken, int atOnce, CancellationToken until)
    {
        var key = Guid.NewGuid().ToString();
        var body = new
        {
            items = wants,
            shippingAddress = new { recipient = "Ann", line1 = "1 Main St", city = "Springfield", postalCode = "12345", country = "US" },
            shippingMethod = "standard",
            paymentToken,
        };
        var posts = -1;
        var answers = await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Door.InsistAsync(
            () =>
            {
                if (Interlocked.Increment(ref posts) > 0) Interlocked.Increment(ref _duplicates);
                return member.TryAsync(HttpMethod.Post, "/api/orders", body, ("Idempotency-Key", key));
            },
            until)));
        var ids = answers.Where(answer => answer.IsSuccess).Select(answer => answer.Read<OrderDoc>().Id).Distinct().ToList();
        if (ids.Count > 1) _doubled.Enqueue(key);
        foreach (var id in ids) _accepted.Enqueue(id);
        if (ids.Count == 0) Interlocked.Increment(ref _refused);
        return ids.FirstOrDefault();
    }

    /// <summary>True when the shop says yes.</summary>
    public async Task<bool> CancelAsync(string orderId, CancellationToken until)
    {
        var answer = await member.InsistAsync(HttpMethod.Post, $"/api/orders/{orderId}/cancel", until);
        if (answer.IsSuccess) _cancelled.Enqueue(orderId);
        return answer.IsSuccess;
    }

    public Task<OrderDoc?> FindAsync(string orderId, CancellationToken until) =>
        member.FindAsync<OrderDoc>($"/api/orders/{orderId}", until);
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Contracts;

namespace DaprShop.Chaos.Tests;

/// <summary>
/// A shop in a few lines, behind the same API, whose participants can be swapped for broken ones. Each call to a participant is made
/// twice and each event is told twice, as in a world of retries; honest participants bear that.
/// </summary>
internal sealed class FakeShop : HttpMessageHandler
{
    public const string Product = "kettle-01";
    public const int OnShelf = 10;
    public const int InBasket = 20;
    public const long Price = 1000;

    private readonly Dictionary<string, List<HappenedDoc>> _streams = [];
    private readonly Dictionary<string, int> _quantities = [];
    private readonly List<string> _accepted = [];
    private readonly List<string> _cancelled = [];

    public FakeInventory Inventory { get; init; } = new();

    public FakePayment Payment { get; init; } = new();

    public FakeShipping Shipping { get; init; } = new();

    public FakeInbox Inbox { get; init; } = new();

    public FakeBasket Basket { get; init; } = new();

    public FakeReadModel ReadModel { get; init; } = new();

    public bool IgnoresCancels { get; init; }

    /// <summary>Places an order and lets it meet this end: <c>confirmed</c>, <c>declined</c>, <c>cancelled</c>.</summary>
    public void Order(int quantity, string end)
    {
        var id = Guid.CreateVersion7().ToString();
        _accepted.Add(id);
        _quantities[id] = quantity;
        Happens(id, "submitted", "submitted");
        Twice(() => Basket.TakeOut(id, quantity));
        if (!Inventory.Reserve(id, quantity))
        {
            Ends(id, "rejected", "outOfStock");
            return;
        }
        Happens(id, "stockReserved", "stockReserved");
        Twice(() => Payment.Authorize(id, quantity * Price));
        Twice(() => Shipping.Create(id));
        if (end != "declined")
        {
            Twice(() => Payment.Capture(id));
            Twice(() => Inventory.Commit(id));
            Ends(id, "confirmed");
            if (end == "cancelled") _cancelled.Add(id);
            if (end == "confirmed" || IgnoresCancels) return;
        }
        Twice(() => Shipping.Cancel(id));
        Twice(() => Payment.Reverse(id));
        Twice(() => Inventory.Release(id));
        if (Payment.Find(id)?.Status == "refunded") Twice(() => Inbox.Tell("paymentRefunded", id));
        if (end == "declined") Ends(id, "rejected", "paymentDeclined");
        else Ends(id, "cancelled");
    }

    /// <summary>What <see cref="Checker"/> needs to know.</summary>
    public (FactReader Reader, Promises Promises) Open()
    {
        var door = new Door(this, new Uri("http://fake.example"));
        var member = new Session(door, "ann@example.com", "");
        var promises = new Promises(
            [new MemberPromises(member, _accepted, _cancelled, new Dictionary<string, int> { [Product] = InBasket })],
            new Dictionary<string, int> { [Product] = OnShelf });
        return (new FactReader(new Session(door, "staff@example.com", ""), promises), promises);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var uri = request.RequestUri!;
        var answer = Answer(uri.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries)[1..], uri.Query);
        return Task.FromResult(answer is null
            ? new HttpResponseMessage(HttpStatusCode.NotFound)
            : new HttpResponseMessage { Content = JsonContent.Create(answer, answer.GetType(), null, JsonSerializerOptions.Web) });
    }

    private object? Answer(string[] path, string query) => path switch
    {
        ["members", "token"] => new { accessToken = "token" },
        ["orders"] when query.Contains("status=", StringComparison.Ordinal) => List(ReadModel.All
            .Where(order => query.Contains($"status={order.Status}&", StringComparison.Ordinal))),
        ["orders"] => List(ReadModel.All),
        ["orders", var id] => ReadModel.All.FirstOrDefault(order => order.Id == id),
        ["orders", var id, "history"] => List(_streams[id]),
        ["payments", var id] => Payment.Find(id),
        ["payments", var id, "ledger"] => List(Payment.Postings(id)),
        ["shipments", var id] => Shipping.Find(id),
        ["inventory", _] => Inventory.Level,
        ["catalog", "products", var id] => new ProductDoc(id, Inventory.Level.Available),
        ["notifications"] => List(Inbox.Messages),
        ["basket"] => new BasketDoc([new LineDoc(Product, Basket.Left)]),
        _ => throw new InvalidOperationException($"The fake shop knows nothing of {string.Join('/', path)}."),
    };

    private static Listed<T> List<T>(IEnumerable<T> items) => new([.. items], items.Count());

    private void Ends(string id, string status, string? reason = null)
    {
        Happens(id, status, status, reason);
        var kind = $"order{char.ToUpperInvariant(status[0])}{status[1..]}";
        Twice(() => Inbox.Tell(kind, id));
    }

    private void Happens(string id, string type, string status, string? reason = null)
    {
        if (!_streams.TryGetValue(id, out var stream)) _streams[id] = stream = [];
        stream.Add(new HappenedDoc(stream.Count + 1, type, status));
        var (quantity, total) = (_quantities[id], new Money(_quantities[id] * Price, "USD"));
        ReadModel.Show(new OrderDoc(id, status, reason, [new LineDoc(Product, quantity)], total, stream.Count));
    }

    private static void Twice(Action act)
    {
        act();
        act();
    }
}

internal class FakeInventory
{
    private readonly Dictionary<string, (int Quantity, string State)> _claims = [];

    protected int OnHand { get; set; } = FakeShop.OnShelf;

    protected int Reserved { get; set; }

    public StockDoc Level => new(FakeShop.Product, OnHand, Reserved, OnHand - Reserved);

    public virtual bool Reserve(string order, int quantity)
    {
        if (quantity > OnHand - Reserved) return false;
        Hold(order, quantity);
        return true;
    }

    public virtual void Commit(string order)
    {
        if (!Moves(order, "reserved", "committed", out var quantity)) return;
        Reserved -= quantity;
        OnHand -= quantity;
    }

    public virtual void Release(string order)
    {
        if (Moves(order, "reserved", "released", out var held)) Reserved -= held;
        else if (Moves(order, "committed", "released", out var sold)) OnHand += sold;
    }

    protected void Hold(string order, int quantity)
    {
        Reserved += quantity;
        _claims[order] = (quantity, "reserved");
    }

    private bool Moves(string order, string from, string to, out int quantity)
    {
        var (claimed, state) = _claims[order];
        quantity = claimed;
        if (state != from) return false;
        _claims[order] = (claimed, to);
        return true;
    }
}

internal class FakePayment
{
    private readonly Dictionary<string, PaymentDoc> _payments = [];
    private readonly List<(string Order, PostingDoc Posting)> _ledger = [];

    public PaymentDoc? Find(string order) => _payments.GetValueOrDefault(order);

    public IEnumerable<PostingDoc> Postings(string order) => _ledger.Where(entry => entry.Order == order).Select(entry => entry.Posting);

    public virtual void Authorize(string order, long amount)
    {
        if (_payments.TryAdd(order, new PaymentDoc(order, "authorized", amount, 0, 0)))
            Post(order, "authorized", ("customerAuthorized", amount), ("authorizationsOutstanding", -amount));
    }

    public virtual void Capture(string order)
    {
        if (_payments[order].Status == "authorized") Take(order);
    }

    public virtual void Reverse(string order)
    {
        var payment = _payments[order];
        var amount = payment.Authorized;
        if (payment.Status == "authorized")
        {
            _payments[order] = payment with { Status = "voided", Authorized = 0 };
            Post(order, "voided", ("customerAuthorized", -amount), ("authorizationsOutstanding", amount));
        }
        else if (payment.Status == "captured")
        {
            _payments[order] = payment with { Status = "refunded", Refunded = payment.Captured };
            Post(order, "refunded", ("refunds", amount), ("merchantReceivable", -amount));
        }
    }

    protected virtual void Post(string order, string step, params (string Account, long Amount)[] entries) =>
        _ledger.Add((order, new PostingDoc(step, [.. entries.Select(entry => new EntryDoc(entry.Account, entry.Amount))])));

    protected void Take(string order)
    {
        var payment = _payments[order];
        var amount = payment.Authorized;
        _payments[order] = payment with { Status = "captured", Captured = payment.Captured + amount };
        Post(order, "captured",
            ("customerAuthorized", -amount), ("authorizationsOutstanding", amount), ("merchantReceivable", amount), ("revenue", -amount));
    }
}

internal class FakeShipping
{
    private readonly Dictionary<string, ShipmentDoc> _shipments = [];

    public ShipmentDoc? Find(string order) => _shipments.GetValueOrDefault(order);

    public virtual void Create(string order) => _shipments.TryAdd(order, new ShipmentDoc(order, "created"));

    public virtual void Cancel(string order) => _shipments[order] = new ShipmentDoc(order, "cancelled");
}

internal class FakeInbox
{
    public List<NotificationDoc> Messages { get; } = [new("welcome", "welcome", null)];

    public virtual void Tell(string kind, string order)
    {
        if (!Messages.Exists(message => (message.Kind, message.OrderId) == (kind, order))) Keep(kind, order);
    }

    protected void Keep(string kind, string order) => Messages.Add(new NotificationDoc($"{kind}-{order}", kind, order));
}

internal class FakeBasket
{
    private readonly HashSet<string> _done = [];

    public int Left { get; protected set; } = FakeShop.InBasket;

    public virtual void TakeOut(string order, int quantity)
    {
        if (_done.Add(order)) Left -= quantity;
    }
}

internal class FakeReadModel
{
    private readonly Dictionary<string, OrderDoc> _orders = [];

    public IEnumerable<OrderDoc> All => _orders.Values;

    public virtual void Show(OrderDoc order) => _orders[order.Id] = order;

    protected void Forget(string order) => _orders.Remove(order);
}

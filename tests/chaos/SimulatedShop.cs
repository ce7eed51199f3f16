using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprShop.Common;
using DaprShop.Contracts;
using DaprShop.Inventory;
using DaprShop.Ordering;
using DaprShop.Payment;
using DaprShop.Shipping;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Chaos.Tests;

/// <summary>
/// One order in a shop without processes: the real saga, aggregate and clients of ordering, and the real commands of inventory, payment and
/// shipping over stores in memory. Every command runs in a replica of its own, so that commands meet in the store alone.
/// </summary>
internal sealed class SimulatedShop
{
    public const int OnShelf = 10;
    public const int Wanted = 2;

    private const string Product = "kettle-01";
    private static readonly PostalAddress s_address = new("Ann", "1 Main St", null, "Springfield", "12345", "US");
    private static readonly JsonSerializerOptions s_json = ShopDefaults.CreateJsonOptions();
    private static readonly IConfiguration s_settings = new ConfigurationBuilder().Build();

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly SimulatedSidecar _inventory = new();
    private readonly SimulatedSidecar _payment = new();
    private readonly SimulatedSidecar _shipping = new();
    private readonly SagaCalls _calls;
    private readonly string _id = Guid.CreateVersion7().ToString();

    public SimulatedShop(string paymentToken)
    {
        var options = new OrderingOptions { CallTimeout = Timeout.InfiniteTimeSpan };
        _calls = new SagaCalls(
            new InventoryClient(Peer("inventory", InventoryAsync), _time, options), new PaymentClient(Peer("payment", PaymentAsync), _time),
            new ShippingClient(Peer("shipping", ShippingAsync), _time, options), options, NullLogger<SagaCalls>.Instance);
        var line = new OrderedLine(Product, "Kettle", new Money(1299, "USD"), Wanted);
        var details = new OrderDetails(Guid.CreateVersion7().ToString(), [line], "standard", new Money(499, "USD"), 1800);
        Saved = OrderFile.Open(new Submission(details, s_address, paymentToken), _time.GetUtcNow());
    }

    /// <summary>What the order's actor has saved.</summary>
    public OrderFile Saved { get; private set; }

    public Order Order => Saved.Order(_id);

    public Stock Stock => (_inventory.Find<Stock>($"stock/{Product}") ?? Inventory.Stock.Untouched(OnShelf)).Expire(_time.GetUtcNow());

    public Claim? Claim => _inventory.Find<Claim>($"claim/{_id}");

    public Payment.Payment? Payment => _payment.Find<Payment.Payment>($"payment/{_id}");

    public TestProvider.Memory? Provider => _payment.Find<TestProvider.Memory>($"provider/{_id}");

    public IReadOnlyList<Posting> Ledger =>
        [.. Steps.Select(step => _payment.Find<Posting>($"ledger/{_id}/{step}")).OfType<Posting>()];

    public Shipment? Shipment => _shipping.Find<Shipment>($"shipment/{_id}");

    /// <summary>A process of ordering takes the order up.</summary>
    public OrderProgress NewRun() => new(_id, Saved);

    public Task<Command> AskAsync(SagaStep step, OrderProgress run, int places) => Command.StartAsync(
        step, run, places, () => _calls.Try(step, run.Order, run.Recorded, CancellationToken.None));

    /// <summary>The actor's turn.</summary>
    public void Record(OrderProgress run)
    {
        var report = run.Report();
        Saved = Saved.Learn(_id, report.Outcomes);
        run.Take(new OrderNews([.. Saved.Events.Skip(report.Seen)]));
    }

    public void Happens(OrderEventType type) => Saved = Saved.Learn(_id, [new OrderEvent(type, _time.GetUtcNow())]);

    public OrderEvent GiveUp(OrderProgress run) => Saga.GiveUp(run.Order, _time.GetUtcNow());

    public void Pass(TimeSpan time) => _time.Advance(time);

    /// <summary>The courier comes for the parcel.</summary>
    public Task DispatchAsync() =>
        new Carrier(new ShipmentStore(_shipping.Store), _shipping.Dapr, _time).MoveAsync(ShipmentStatus.Dispatched, [_id]);

    private static IEnumerable<string> Steps => DaprShop.Payment.Ledger.Steps.Select(step => step.ToString().ToLowerInvariant());

    private async Task<object> InventoryAsync(string[] path, HttpContent? body)
    {
        var seed = new SeedStock(new Dictionary<string, int> { [Product] = OnShelf });
        var reservations = new Reservations(new StockChanges(_inventory.Store, seed, new StockNews(), _time), _time);
        return path switch
        {
            [_, _, var id] => await reservations.ReserveAsync(id, await Read<ReserveStock>(body), CancellationToken.None),
            [_, _, var id, "commit"] => await reservations.CommitAsync(id, await Read<StockLines>(body), CancellationToken.None),
            [_, _, var id, _] => await reservations.ReleaseAsync(id, await Read<StockLines>(body), CancellationToken.None),
            _ => throw new NotSupportedException(),
        };
    }

    private async Task<object> PaymentAsync(string[] path, HttpContent? body)
    {
        var payments = new Payments(
            new PaymentStore(_payment.Store), new TestProvider(_payment.Store, _time), new EventPublisher(_payment.Dapr),
            _time, s_settings);
        return path switch
        {
            [_, _, var id, "authorize"] => await payments.AuthorizeAsync(id, await Read<AuthorizePayment>(body), CancellationToken.None),
            [_, _, var id, "capture"] => await payments.CaptureAsync(id, await Read<CapturePayment>(body), CancellationToken.None),
            [_, _, var id, _] => await payments.ReverseAsync(id, CancellationToken.None),
            _ => throw new NotSupportedException(),
        };
    }

    private async Task<object> ShippingAsync(string[] path, HttpContent? body)
    {
        var shipments = new Shipments(new ShipmentStore(_shipping.Store), _time);
        return path switch
        {
            [_, _, var id] => await shipments.CreateAsync(id, await Read<CreateShipment>(body)),
            [_, _, var id, _] => await shipments.CancelAsync(id),
            _ => throw new NotSupportedException(),
        };
    }

    private static async Task<T> Read<T>(HttpContent? body) => (await body!.ReadFromJsonAsync<T>(s_json))!;

    private static Peer Peer(string appId, Func<string[], HttpContent?, Task<object>> serve) =>
        new(
            appId,
            new HttpClient(new Served(serve)) { BaseAddress = new Uri("http://simulated/"), Timeout = Timeout.InfiniteTimeSpan },
            s_json);

    /// <summary>What a participant refuses or cannot know is an answer that says nothing, as over the wire.</summary>
    private sealed class Served(Func<string[], HttpContent?, Task<object>> serve) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                var path = request.RequestUri!.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
                var answer = await serve(path, request.Content);
                return new HttpResponseMessage { Content = JsonContent.Create(answer, answer.GetType(), null, s_json) };
            }
            catch (Exception error) when (error
                is ProviderUnavailableException or PaymentConflictException or ReplyLostException or ContendedException)
            {
                return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
            }
        }
    }
}

using CsCheck;
using DaprShop.Inventory;
using DaprShop.Ordering;
using DaprShop.Payment;
using DaprShop.Shipping;

namespace DaprShop.Chaos.Tests;

/// <summary>
/// Any interleaving of steps, cancels, deadlines, duplicates, expiries, dispatches and deaths, of commands held up between any two of their
/// sidecar calls, against the real aggregate and saga and the real commands of all participants.
/// </summary>
public sealed class InterleavingTests
{
    private static readonly string[] s_tokens = ["tok_ok", "tok_ok", "tok_lost_reply", "tok_flaky", "tok_declined"];

    private enum Move
    {
        /// <summary>The steps are taken and answered.</summary>
        Step,
        StepAndRecord,

        /// <summary>The steps are asked and held up on their way.</summary>
        StepHeldUp,

        /// <summary>What was held up first, or last, goes on and is answered.</summary>
        FirstGoesOn,
        LastGoesOn,

        /// <summary>Whoever holds what was held up first dies: it never goes on.</summary>
        FirstDies,
        Record,

        /// <summary>Ordering dies, and the order's reminder takes it up again.</summary>
        OrderingDies,

        /// <summary>Another replica of ordering takes the order up as well.</summary>
        SecondRun,
        Cancel,
        GiveUp,

        /// <summary>Something that was asked before is asked again, and nobody hears the answer.</summary>
        Repeat,
        ReservationExpires,
        Dispatch,
        NewsOfDispatch,
    }

    [Fact]
    public async Task Whatever_the_interleaving_every_order_ends_well_and_holds_nothing_it_should_not()
    {
        var met = new Met();
        // Trouble begins at any step of the way: were it always at the first, few orders would get far.
        await Gen.Select(Gen.OneOf(s_tokens), Gen.Int[0, 4], Gen.Select(Gen.Int[0, 14], Gen.Int[0, 9]).Array[5, 40]).SampleAsync(
            async (token, calm, moves) =>
            {
                var world = new World(token);
                for (var i = 0; i < calm; i++) await world.DoAsync(Move.StepAndRecord, 0);
                foreach (var (move, number) in moves)
                {
                    await world.DoAsync((Move)move, number);
                    world.CheckAtEveryInstant();
                }
                await world.LetFaultsStopAsync();
                world.CheckAtRest();
                met.Note(world);
            },
            iter: 500, threads: 2);
        met.CheckAll();
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_cancel_that_races_with_capture_ends_refunded_or_voided(int places)
    {
        var world = await WithHeldUp(SagaStep.CapturePayment, places);
        await world.DoAsync(Move.Cancel, 0);
        await world.DoAsync(Move.SecondRun, 0);
        for (var i = 0; i < 2; i++) await world.DoAsync(Move.StepAndRecord, 0);
        await world.DoAsync(Move.FirstGoesOn, 0);
        await world.LetFaultsStopAsync();
        world.CheckAtRest();
        Assert.Equal(OrderStatus.Cancelled, world.Shop.Order.Status);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_payment_that_is_authorised_after_the_saga_gave_up_is_void(int places)
    {
        var world = await WithHeldUp(SagaStep.AuthorizePayment, places, "tok_ok");
        await world.DoAsync(Move.GiveUp, 0);
        for (var i = 0; i < 5; i++) await world.DoAsync(Move.StepAndRecord, 0);
        Assert.Equal(OrderStatus.Rejected, world.Shop.Order.Status);
        await world.DoAsync(Move.FirstGoesOn, 0);
        world.CheckAtEveryInstant();
        await world.LetFaultsStopAsync();
        world.CheckAtRest();
        Assert.Contains(world.Shop.Payment!.Status, new[] { PaymentStatus.Reversed, PaymentStatus.Voided });
    }

    [Fact]
    public async Task A_reservation_of_an_order_that_never_comes_back_expires()
    {
        var world = new World("tok_ok");
        await world.DoAsync(Move.StepAndRecord, 0);
        Assert.Equal(SimulatedShop.Wanted, world.Shop.Stock.Reserved);
        await world.DoAsync(Move.ReservationExpires, 0);
        Assert.Equal((SimulatedShop.OnShelf, 0), (world.Shop.Stock.OnHand, world.Shop.Stock.Reserved));
    }

    /// <summary>Before and after each sidecar call that a payment command makes.</summary>
    public static TheoryData<int> Places => [.. Enumerable.Range(0, 6)];

    private static async Task<World> WithHeldUp(SagaStep step, int places, string token = "tok_lost_reply")
    {
        var world = new World(token);
        while (!Saga.Next(world.Newest.Order).Contains(step)) await world.DoAsync(Move.StepAndRecord, 0);
        await world.DoAsync(Move.StepHeldUp, places);
        return world;
    }

    /// <summary>One order and all who have a hand in it.</summary>
    private sealed class World(string token)
    {
        private readonly List<OrderProgress> _runs = [];
        private readonly List<Command> _heldUp = [];
        private readonly List<(SagaStep Step, OrderProgress Run)> _asked = [];

        public SimulatedShop Shop { get; } = new(token);

        /// <summary>Something went on that was asked before the order turned back.</summary>
        public bool WasOvertaken { get; private set; }

        /// <summary>The run that sees to the order; a reminder makes one when there is none.</summary>
        public OrderProgress Newest
        {
            get
            {
                if (_runs.Count == 0) _runs.Add(Shop.NewRun());
                return _runs[^1];
            }
        }

        public async Task DoAsync(Move move, int number)
        {
            var run = number % 3 == 0 && _runs.Count > 1 ? _runs[0] : Newest;
            switch (move)
            {
                case Move.Step or Move.StepAndRecord:
                    await StepAsync(run, int.MaxValue);
                    if (move == Move.StepAndRecord) Shop.Record(run);
                    break;
                case Move.StepHeldUp:
                    await StepAsync(run, number);
                    break;
                case Move.FirstGoesOn or Move.LastGoesOn when _heldUp.Count > 0:
                    await GoOnAsync(move == Move.FirstGoesOn ? 0 : _heldUp.Count - 1);
                    break;
                case Move.FirstDies when _heldUp.Count > 0:
                    _heldUp.RemoveAt(0);
                    break;
                case Move.Record:
                    Shop.Record(run);
                    break;
                case Move.OrderingDies:
                    _runs.Clear();
                    break;
                case Move.SecondRun:
                    _runs.Add(Shop.NewRun());
                    if (_runs.Count > 3) _runs.RemoveAt(0);
                    break;
                case Move.Cancel:
                    Shop.Happens(OrderEventType.CancelRequested);
                    break;
                case Move.GiveUp when Saga.Deadline(run.Order, DateTimeOffset.MinValue, TimeSpan.Zero) is not null:
                    run.Learn([Shop.GiveUp(run)]);
                    break;
                case Move.Repeat when _asked.Count > 0:
                    var (step, asRun) = _asked[number % _asked.Count];
                    await AnsweredAsync(await Shop.AskAsync(step, asRun, int.MaxValue));
                    break;
                case Move.ReservationExpires:
                    Shop.Pass(TimeSpan.FromMinutes(16));
                    break;
                // Only what shipping has heard to be confirmed is on a courier's list.
                case Move.Dispatch when Shop.Order.Has(OrderEventType.Confirmed):
                    await Shop.DispatchAsync();
                    break;
                case Move.NewsOfDispatch when Shop.Shipment?.Reached(ShipmentStatus.Dispatched) is not null:
                    Shop.Happens(OrderEventType.Shipped);
                    break;
            }
        }

        public async Task LetFaultsStopAsync()
        {
            while (_heldUp.Count > 0) await GoOnAsync(0);
            for (var runs = 0; !Shop.Order.Status.IsRest(); runs++)
            {
                Assert.True(runs < 30, $"no rest in sight: {Shop.Order.Status}");
                _runs.Clear();
                for (var steps = 0; steps < 4; steps++) await StepAsync(Newest, int.MaxValue);
                Shop.Record(Newest);
            }
            // And all of it once more, the oldest last, when nobody cares any longer.
            foreach (var (step, run) in Enumerable.Reverse(_asked).ToList())
                await AnsweredAsync(await Shop.AskAsync(step, run, int.MaxValue));
            await DoAsync(Move.NewsOfDispatch, 0);
        }

        public void CheckAtEveryInstant()
        {
            Assert.InRange(Shop.Stock.Reserved, 0, Shop.Stock.OnHand);
            Assert.Contains(Shop.Stock.OnHand, new[] { SimulatedShop.OnShelf, SimulatedShop.OnShelf - SimulatedShop.Wanted });
            Assert.All(Shop.Ledger, posting => Assert.Equal(0, posting.Entries.Sum(entry => entry.Amount)));
            Assert.InRange(Balance(Account.MerchantReceivable), 0, Total);
            Assert.InRange(Shop.Provider?.Charges ?? 0, 0, 1);
            if (Shop.Order.Status.IsRest()) CheckWhatIsHeld();
        }

        public void CheckAtRest()
        {
            Assert.True(Shop.Order.Status.IsRest());
            CheckAtEveryInstant();
            if (Shop.Order.Status == OrderStatus.Rejected) Assert.NotNull(Shop.Order.Reason);
            if (Shop.Shipment?.Reached(ShipmentStatus.Dispatched) is not null) Assert.Equal(OrderStatus.Shipped, Shop.Order.Status);
            Assert.Equal(0, Shop.Stock.Reserved);
            Assert.Equal(0, Balance(Account.CustomerAuthorized));
            Assert.NotEqual(PaymentStatus.Authorized, Shop.Payment?.Status);
        }

        private long Total => Shop.Order.Details.Total().Amount;

        private long Balance(Account account) =>
            Shop.Ledger.SelectMany(posting => posting.Entries).Where(entry => entry.Account == account).Sum(entry => entry.Amount);

        /// <summary>At rest, with commands of before still on their way.</summary>
        private void CheckWhatIsHeld()
        {
            if (Shop.Order.Status is OrderStatus.Confirmed or OrderStatus.Shipped or OrderStatus.Delivered)
            {
                Assert.Equal(SimulatedShop.OnShelf - SimulatedShop.Wanted, Shop.Stock.OnHand);
                Assert.Equal((PaymentStatus.Captured, Total), (Shop.Payment!.Status, Balance(Account.MerchantReceivable)));
                Assert.False(Shop.Shipment!.Reached(ShipmentStatus.Cancelled) is not null, "there is no parcel");
            }
            else
            {
                Assert.Equal((SimulatedShop.OnShelf, 0), (Shop.Stock.OnHand, Shop.Stock.Reserved));
                Assert.True(Shop.Payment is null or { Status: not (PaymentStatus.Authorized or PaymentStatus.Captured) }, "money is held");
                Assert.Equal(0, Balance(Account.MerchantReceivable));
                Assert.True(Shop.Provider?.State is null or ChargeState.Voided or ChargeState.Refunded, "the provider holds money");
                Assert.True(Shop.Shipment is null or { Status: ShipmentStatus.Cancelled }, "a parcel is held");
            }
        }

        private async Task StepAsync(OrderProgress run, int places)
        {
            if (run.IsAtTurn) Shop.Record(run);
            foreach (var step in Saga.Next(run.Order).ToList())
            {
                _asked.Add((step, run));
                await AnsweredAsync(await Shop.AskAsync(step, run, places), isHeard: true);
            }
        }

        private async Task GoOnAsync(int which)
        {
            var command = _heldUp[which];
            _heldUp.RemoveAt(which);
            WasOvertaken |= Shop.Order.TurnedBackAt is not null && command.Run.Order.TurnedBackAt is null;
            if (await command.ResumeAsync() is { } outcome && _runs.Contains(command.Run)) command.Run.Learn([outcome]);
        }

        private async Task AnsweredAsync(Command command, bool isHeard = false)
        {
            if (!command.Answer.IsCompleted) _heldUp.Add(command);
            else if (await command.Answer is { } outcome && isHeard) command.Run.Learn([outcome]);
        }
    }

    /// <summary>What the samples have come upon: without it they would prove nothing.</summary>
    private sealed class Met
    {
        private int _confirmed, _refunded, _overtaken, _expired, _shipped;

        public void Note(World world)
        {
            var shop = world.Shop;
            if (shop.Order.Status == OrderStatus.Confirmed) Interlocked.Increment(ref _confirmed);
            if (shop.Order.Status == OrderStatus.Shipped) Interlocked.Increment(ref _shipped);
            if (shop.Order.Has(OrderEventType.CancelRequested) && shop.Payment?.Status == PaymentStatus.Refunded)
                Interlocked.Increment(ref _refunded);
            if (world.WasOvertaken) Interlocked.Increment(ref _overtaken);
            if (shop.Claim?.State == ClaimState.Expired) Interlocked.Increment(ref _expired);
        }

        public void CheckAll() => Assert.All(
            new[] { _confirmed, _refunded, _overtaken, _expired, _shipped }, times => Assert.NotEqual(0, times));
    }
}

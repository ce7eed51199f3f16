using CsCheck;
using static DaprShop.Ordering.OrderEventType;

namespace DaprShop.Ordering.Tests;

/// <summary>
/// Any sequence of calls, lost and late replies, cancels, dispatches, deadlines and crashes, against a model of the participants by the
/// rules of contracts/internal-api.md: idempotent by order id, and whatever is undone leaves a tombstone.
/// </summary>
public class SagaModelTests
{
    private const int Total = 6199;

    [Fact]
    public void Stock_and_money_are_right_at_every_instant_and_every_order_reaches_rest() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 11].Array[0, 60]).Sample((refusals, moves) =>
        {
            var world = new World((Refusal)refusals);
            foreach (var move in moves)
            {
                world.Do((Move)move);
                world.CheckAtEveryInstant();
            }
            world.LetFaultsStop();
            world.CheckAtRest();
        }, iter: 5_000);

    private enum Refusal
    {
        None, OutOfStock, Declined, NoDelivery, Expiry,
    }

    private enum Move
    {
        Step, StepLosingTheReply, StepAnsweredLater, LateReply, RepeatedReply, Record, Cancel, GiveUp, Dispatch, Crash, OtherDriver, OtherLooksAgain,
    }

    /// <summary>One order, its drivers (there may be one in another replica), and the participants it deals with.</summary>
    private sealed class World(Refusal refusal)
    {
        private readonly List<SagaStep> _onTheirWay = [];
        private readonly List<OrderEvent> _replies = [];

        private bool _reserved, _committed, _released;
        private bool _authorized, _reversed;
        private int _captured, _refunded, _timesCaptured;
        private bool _created, _dispatched, _shipmentCancelled;

        private OrderFile _file = OrderFile.Open(new Submission(Some.Details(), Some.Address, "tok_ok"), Some.Start);
        private OrderProgress? _driver, _other;

        /// <summary>As the actor has it.</summary>
        private Order Order => _file.Order(Some.OrderId);

        private OrderProgress Driver => _driver ??= new OrderProgress(Some.OrderId, _file);

        private OrderProgress Other => _other ??= new OrderProgress(Some.OrderId, _file);

        public void Do(Move move)
        {
            switch (move)
            {
                case Move.Step:
                    Step(Driver);
                    break;
                case Move.StepLosingTheReply:
                    foreach (var step in Ahead()) Ask(step);
                    break;
                case Move.StepAnsweredLater:
                    _onTheirWay.AddRange(Ahead());
                    break;
                case Move.LateReply when _onTheirWay.Count > 0:
                    var late = _onTheirWay[0];
                    _onTheirWay.RemoveAt(0);
                    Learn(Driver, Ask(late));
                    break;
                case Move.RepeatedReply:
                    foreach (var reply in _replies.ToList()) Learn(Driver, reply);
                    break;
                case Move.Record:
                    Record(Driver);
                    break;
                case Move.Cancel:
                    _file = _file.Learn(Some.OrderId, [Some.Event(CancelRequested)]);
                    break;
                case Move.GiveUp when Saga.Deadline(Driver.Order, Some.Start, TimeSpan.Zero) is not null:
                    Learn(Driver, Saga.GiveUp(Driver.Order, Some.Start));
                    break;
                case Move.Dispatch when Order.Has(Confirmed) && _created && !_shipmentCancelled:
                    _dispatched = true;
                    break;
                case Move.Crash:
                    // Nothing but what is recorded survives; what is on its way still arrives, and nobody hears the answer.
                    foreach (var step in _onTheirWay) Ask(step);
                    _onTheirWay.Clear();
                    _replies.Clear();
                    _driver = null;
                    break;
                case Move.OtherDriver:
                    // Another replica drives the same order, and has not seen what this one knows.
                    Step(Other);
                    break;
                case Move.OtherLooksAgain:
                    _other = null;
                    break;
            }
        }

        public void CheckAtEveryInstant()
        {
            Assert.InRange(_captured - _refunded, 0, Total);
            Assert.True(_timesCaptured <= 1);
            Assert.False(_committed && _released, "released stock stays released");
            if (Order.Status == OrderStatus.Confirmed || Order.Status == OrderStatus.Shipped)
                Assert.True(_committed && _captured - _refunded == Total && _created && !_shipmentCancelled);
            if (Order.Status is OrderStatus.Rejected or OrderStatus.Cancelled) CheckNothingHeld();
        }

        public void LetFaultsStop()
        {
            for (var steps = 0; Saga.Next(Order).Count > 0; steps++)
            {
                Assert.True(steps < 30, $"no rest in sight: {Order.Status}");
                // A run that believes itself at rest ends; the reminder begins another.
                if (Driver.IsRecorded && Saga.Next(Driver.Order).Count == 0) _driver = null;
                Step(Driver);
            }
            while (_onTheirWay.Count > 0) Do(Move.LateReply);
        }

        public void CheckAtRest()
        {
            Assert.True(Order.Status.IsRest());
            CheckAtEveryInstant();
            if (Order.Status == OrderStatus.Rejected) Assert.NotNull(Order.Reason);
            if (_dispatched) Assert.True(Order.Status is OrderStatus.Confirmed or OrderStatus.Shipped);
        }

        private void CheckNothingHeld()
        {
            Assert.False(_reserved || _committed, "stock is held");
            Assert.False(_authorized, "an authorisation is held");
            Assert.Equal(0, _captured - _refunded);
            Assert.False(_created && !_shipmentCancelled, "a shipment is held");
        }

        /// <summary>As <see cref="OrderDriver"/> does: a turn is recorded before anything else is asked.</summary>
        private void Step(OrderProgress driver)
        {
            if (driver.IsAtTurn) Record(driver);
            else foreach (var reply in Saga.Next(driver.Order).Select(Ask).ToList()) Learn(driver, reply);
        }

        /// <summary>What this driver may ask now.</summary>
        private IReadOnlyList<SagaStep> Ahead() => Driver.IsAtTurn ? [] : Saga.Next(Driver.Order);

        private void Learn(OrderProgress driver, OrderEvent outcome)
        {
            _replies.Add(outcome);
            driver.Learn([outcome]);
        }

        private void Record(OrderProgress driver)
        {
            var (outcomes, seen) = driver.Report();
            _file = _file.Learn(Some.OrderId, outcomes);
            driver.Take(new OrderNews([.. _file.Events.Skip(seen)]));
        }

        private OrderEvent Ask(SagaStep step) => step switch
        {
            SagaStep.ReserveStock => Reserve(),
            SagaStep.CommitStock => Commit(),
            SagaStep.ReleaseStock => Release(),
            SagaStep.AuthorizePayment => Authorize(),
            SagaStep.CapturePayment => Capture(),
            SagaStep.ReversePayment => Reverse(),
            SagaStep.CreateShipment => Create(),
            SagaStep.CancelShipment => CancelShipment(),
            _ => throw new ArgumentOutOfRangeException(nameof(step)),
        };

        private OrderEvent Reserve()
        {
            if (_released) return Some.Event(StepFailed, RejectReason.DeadlineExceeded);
            if (refusal == Refusal.OutOfStock) return Some.Event(StockRefused, RejectReason.OutOfStock);
            _reserved = !_committed;
            return Some.Event(StockReserved);
        }

        private OrderEvent Commit()
        {
            if (_released || refusal == Refusal.Expiry) return Some.Event(StepFailed, RejectReason.DeadlineExceeded);
            (_reserved, _committed) = (false, true);
            return Some.Event(StockCommitted);
        }

        private OrderEvent Release()
        {
            (_reserved, _committed, _released) = (false, false, true);
            return Some.Event(StockReleased);
        }

        private OrderEvent Authorize()
        {
            if (_reversed) return Some.Event(StepFailed, RejectReason.PaymentUnavailable);
            if (refusal == Refusal.Declined) return Some.Event(PaymentDeclined, RejectReason.PaymentDeclined);
            _authorized = _captured == 0;
            return Some.Event(PaymentAuthorized);
        }

        private OrderEvent Capture()
        {
            if (_reversed) return Some.Event(StepFailed, RejectReason.PaymentUnavailable);
            Assert.True(_authorized || _captured == Total, "captured without authorisation");
            if (_captured == 0) _timesCaptured++;
            (_authorized, _captured) = (false, Total);
            return Some.Event(PaymentCaptured);
        }

        private OrderEvent Reverse()
        {
            (_authorized, _refunded, _reversed) = (false, _captured, true);
            return Some.Event(PaymentReversed);
        }

        private OrderEvent Create()
        {
            if (_shipmentCancelled) return Some.Event(StepFailed, RejectReason.ShippingUnavailable);
            if (refusal == Refusal.NoDelivery) return Some.Event(ShipmentRefused, RejectReason.ShippingUnavailable);
            _created = true;
            return Some.Event(ShipmentCreated);
        }

        private OrderEvent CancelShipment()
        {
            if (_dispatched) return Some.Event(CancelRefused);
            _shipmentCancelled = true;
            return Some.Event(ShipmentCancelled);
        }
    }
}

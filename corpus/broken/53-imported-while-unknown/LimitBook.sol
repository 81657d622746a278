// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice An order: the maker's `sellAmount` is in escrow and goes to whoever pays `buyAmount`.
struct Order {
    address maker;
    IERC20 sell;
    IERC20 buy;
    uint256 sellAmount;
    uint256 buyAmount;
}

/// @notice The old book. Orders are kept for ever, with their state beside them.
contract LimitBook is Ownable {
    using SafeERC20 for IERC20;

    enum State {
        None,
        Open,
        Filled,
        Cancelled
    }

    mapping(uint256 id => Order) private _orders;
    mapping(uint256 id => State) public stateOf;
    uint256 public nextId = 1;
    address public successor;

    event Placed(uint256 indexed id, address indexed maker);
    event Filled(uint256 indexed id, address indexed taker);
    event Cancelled(uint256 indexed id);
    event Closed(address successor);
    event Released(IERC20 indexed token, uint256 amount);

    error BookClosed();
    error NotOpen(uint256 id);
    error NotMaker(uint256 id);
    error NotSuccessor();

    constructor(address owner) Ownable(owner) {}

    modifier whenOpen() {
        if (successor != address(0)) revert BookClosed();
        _;
    }

    function orderOf(uint256 id) external view returns (Order memory) {
        return _orders[id];
    }

    function place(IERC20 sell, uint256 sellAmount, IERC20 buy, uint256 buyAmount)
        external
        whenOpen
        returns (uint256 id)
    {
        id = nextId++;
        _orders[id] = Order(msg.sender, sell, buy, sellAmount, buyAmount);
        stateOf[id] = State.Open;
        emit Placed(id, msg.sender);
        sell.safeTransferFrom(msg.sender, address(this), sellAmount);
    }

    function fill(uint256 id) external whenOpen {
        if (stateOf[id] != State.Open) revert NotOpen(id);
        stateOf[id] = State.Filled;
        Order memory order = _orders[id];
        emit Filled(id, msg.sender);
        order.buy.safeTransferFrom(msg.sender, order.maker, order.buyAmount);
        order.sell.safeTransfer(msg.sender, order.sellAmount);
    }

    function cancel(uint256 id) external whenOpen {
        if (stateOf[id] != State.Open) revert NotOpen(id);
        Order memory order = _orders[id];
        if (order.maker != msg.sender) revert NotMaker(id);
        stateOf[id] = State.Cancelled;
        emit Cancelled(id);
        order.sell.safeTransfer(msg.sender, order.sellAmount);
    }

    /// @notice For ever: from here on the successor takes the orders over.
    function close(address successor_) external onlyOwner whenOpen {
        successor = successor_;
        emit Closed(successor_);
    }

    /// @notice Escrow for the orders that the successor takes over.
    function release(IERC20 token, uint256 amount) external {
        if (msg.sender != successor) revert NotSuccessor();
        emit Released(token, amount);
        token.safeTransfer(msg.sender, amount);
    }
}
